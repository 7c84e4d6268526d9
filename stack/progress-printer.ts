import type { OnProgress, ProgressEvent } from './progress';

const repeatAfterMs = 10_000;

interface RunningStep {
  startedAt: number;
  saidAt: number;
  detail?: string;
}

/**
 * Prints progress for a person. On a terminal one live line shows every running step with its elapsed time;
 * elsewhere each step says a line when it starts, about every ten seconds, and when it ends.
 * `close` ends the live line; call it before anything else is printed for good.
 */
export function createProgressPrinter(output: NodeJS.WriteStream): { onProgress: OnProgress; close(): void } {
  const running = new Map<string, RunningStep>();
  const live = output.isTTY === true;
  let timer: NodeJS.Timeout | undefined;

  const eraseLiveLine = () => {
    if (live) output.write('\r\x1b[2K');
  };
  const tick = () => {
    if (live) {
      const steps = [...running].map(([step, state]) => describe(step, state));
      if (steps.length > 0) output.write('\r\x1b[2K' + fit('… ' + steps.join(' | '), output.columns ?? 80));
      return;
    }
    for (const [step, state] of running) {
      if (performance.now() - state.saidAt < repeatAfterMs) continue;
      state.saidAt = performance.now();
      output.write(`  ... ${describe(step, state)}\n`);
    }
  };
  const close = () => {
    clearInterval(timer);
    timer = undefined;
    if (running.size > 0) eraseLiveLine();
    running.clear();
  };

  const onProgress = (event: ProgressEvent) => {
    const now = performance.now();
    if (event.state === 'started' || event.state === 'running') {
      const known = running.get(event.step);
      running.set(event.step, {
        startedAt: known?.startedAt ?? now - event.elapsedMs,
        saidAt: known?.saidAt ?? now,
        detail: event.detail ?? known?.detail,
      });
    } else {
      eraseLiveLine();
      running.delete(event.step);
      const mark = event.state === 'done' ? 'ok ' : 'no ';
      const detail = event.detail === undefined ? '' : `: ${event.detail}`;
      output.write(`  ${mark} ${event.step}${detail} (${seconds(event.elapsedMs)})\n`);
    }
    if (live) tick();
    timer ??= setInterval(tick, live ? 200 : 1_000).unref();
  };
  return { onProgress, close };
}

function describe(step: string, { startedAt, detail }: RunningStep): string {
  const elapsed = seconds(performance.now() - startedAt);
  return detail === undefined ? `${step} ${elapsed}` : `${step} ${elapsed}: ${detail}`;
}

function seconds(milliseconds: number): string {
  return milliseconds < 10_000
    ? `${(milliseconds / 1000).toFixed(1)} s`
    : `${Math.round(milliseconds / 1000)} s`;
}

function fit(text: string, columns: number): string {
  return text.length < columns ? text : text.slice(0, columns - 2) + '…';
}
