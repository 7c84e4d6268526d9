export interface Progress {
  label: string;
  /** Sent, but not yet committed by the bridge. */
  queued: number;
  inFlight: number;
  completed: number;
  failed: number;
  total: number;
  elapsedMs: number;
}

export interface ProgressLine {
  /** Prints a text that stays, above the line. */
  say(text: string): void;
  /** Takes the line away. */
  close(): void;
}

const redrawMs = 250;
const plainMs = 5_000;

/** Shows progress: one live line on a terminal, elsewhere a line every five seconds. */
export function showProgress(output: NodeJS.WriteStream, read: () => Progress): ProgressLine {
  const live = output.isTTY === true;
  const erase = () => void (live && output.write('\r\x1b[2K'));
  const draw = () => {
    const line = formatProgress(read(), live ? (output.columns ?? 80) : undefined);
    output.write(live ? `\r\x1b[2K${line}` : `${line}\n`);
  };
  const timer = setInterval(draw, live ? redrawMs : plainMs);
  return {
    say(text) {
      erase();
      output.write(`${text}\n`);
      if (live) draw();
    },
    close() {
      clearInterval(timer);
      erase();
    },
  };
}

const barWidth = { from: 10, to: 30 };

/** @param columns width of the terminal; a bar is drawn when it is known and there is room for one */
export function formatProgress(progress: Progress, columns?: number): string {
  const { label, queued, inFlight, completed, failed, total, elapsedMs } = progress;
  const text =
    `   [${label}] ${clock(elapsedMs)}` +
    `  queued ${queued}  in flight ${inFlight}  completed ${completed}  failed ${failed}`;
  if (columns === undefined) return text;
  // A few columns stay free: some terminals wrap at the last one, and Ctrl-C is shown as ^C behind the line.
  const width = Math.min(barWidth.to, columns - 4 - text.length - 2);
  if (width < barWidth.from) return text.slice(0, columns - 4);
  const full = total === 0 ? width : Math.floor((width * (completed + failed)) / total);
  return `${text}  ${'█'.repeat(full)}${'░'.repeat(width - full)}`;
}

/** `0:07`, `12:30` */
function clock(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
