import type { Output } from './context';

export interface ProgressBar {
  /** `total` may grow while the work goes on; without one the count alone is shown. */
  update(what: string, done: number, total?: number): void;
  /** Takes the line away. */
  close(): void;
}

const redrawMs = 100;
const width = 30;

/** One live line on a terminal; nothing at all elsewhere, so that pipes and logs stay clean. */
export function createProgressBar(output: Output): ProgressBar {
  if (output.isTTY !== true) return { update: () => undefined, close: () => undefined };
  let drawnAt = -Infinity;
  return {
    update(what, done, total) {
      const now = performance.now();
      if (now - drawnAt < redrawMs) return;
      drawnAt = now;
      output.write(`\r\x1b[2K${formatProgress(what, done, total).slice(0, (output.columns ?? 80) - 1)}`);
    },
    close() {
      if (drawnAt > -Infinity) output.write('\r\x1b[2K');
    },
  };
}

export function formatProgress(what: string, done: number, total?: number): string {
  const count = done.toLocaleString('en-US');
  if (total === undefined) return `${what}  ${count}`;
  const share = total === 0 ? 1 : Math.min(1, done / total);
  const full = Math.floor(share * width);
  const bar = '█'.repeat(full) + '░'.repeat(width - full);
  return `${what}  ${bar}  ${count} of ${total.toLocaleString('en-US')}`;
}
