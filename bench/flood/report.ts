export interface Report {
  /** Seconds since the report was made. */
  seconds(): number;
  /** What the progress line says from now on; asked for again whenever it is drawn. */
  progress(text: () => string): void;
  close(): void;
}

/** A progress line with the elapsed time: live on a terminal, elsewhere a line every ten seconds. */
export function createReport(output: NodeJS.WriteStream): Report {
  const beganAt = Date.now();
  const live = output.isTTY === true;
  let text = () => 'starting';
  const seconds = () => Math.round((Date.now() - beganAt) / 1_000);
  const timer = setInterval(
    () => {
      const line = `${seconds()} s  ${text()}`;
      output.write(live ? `\r\x1b[2K${line.slice(0, (output.columns ?? 80) - 1)}` : `${line}\n`);
    },
    live ? 500 : 10_000,
  );
  return {
    seconds,
    progress: (next) => void (text = next),
    close() {
      clearInterval(timer);
      if (live) output.write('\r\x1b[2K');
    },
  };
}
