/** The log of the simulator. Every line says what it is, so that nobody takes a simulated answer for a real one. */
export interface Log {
  line(text: string): void;
  /** For events that can come by the thousand: at most ten lines a second, then a count of those left out. */
  event(text: string): void;
}

export function createLog(
  level: 'normal' | 'quiet',
  write = (text: string) => void process.stdout.write(text),
): Log {
  let second = 0;
  let lines = 0;
  const line = (text: string) => {
    if (level === 'normal') write(`${new Date().toISOString()} LLM SIMULATOR ${text}\n`);
  };

  function event(text: string): void {
    const now = Math.floor(Date.now() / 1000);
    if (now !== second) {
      if (lines > 10) line(`${lines - 10} more lines were left out`);
      second = now;
      lines = 0;
    }
    if (++lines <= 10) line(text);
  }

  return { line, event };
}
