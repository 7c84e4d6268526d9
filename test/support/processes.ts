import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../runtime/project-root';

/** A process of Headway as a user starts it, from dist/. */
export interface HeadwayProcess {
  pid: number;
  /** Resolves when a log line matches; rejects when the process ends without one. */
  logged(pattern: RegExp): Promise<string>;
  /** Everything logged so far; the end of it where it goes to a file. */
  log(): string;
  /** How it ended. */
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  kill(signal: NodeJS.Signals): Promise<void>;
}

const alive = new Set<ChildProcess>();

const KEPT_BESIDE_FILE = 100_000;

/**
 * Starts `dist/<entry>` with these variables beside the test's own. Its log is kept for failing tests, in memory, or appended to
 * a file by those who log much.
 */
export function startProcess(
  entry: string,
  env: NodeJS.ProcessEnv,
  logFile?: string,
  args: string[] = [],
): HeadwayProcess {
  const child = spawn(process.execPath, [join(projectRoot(), 'dist', entry), ...args], {
    env: { ...process.env, LOG_FORMAT: 'json', LOG_LEVEL: 'debug', HEADWAY_EXIT_WITH_PARENT: '1', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  alive.add(child);
  const file = logFile === undefined ? undefined : createWriteStream(logFile, { flags: 'a' });
  let log = '';
  let changed = () => {};
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      log += text;
      file?.write(text);
      if (file && log.length > 2 * KEPT_BESIDE_FILE) log = log.slice(-KEPT_BESIDE_FILE);
      changed();
    });
  }
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) =>
    child.on('close', (code, signal) => {
      alive.delete(child);
      file?.end();
      changed();
      resolve({ code, signal });
    }),
  );
  return {
    pid: child.pid ?? -1,
    log: () => log,
    ended,
    async logged(pattern) {
      for (;;) {
        const line = log.split('\n').find((one) => pattern.test(one));
        if (line !== undefined) return line;
        if (!alive.has(child))
          throw new Error(`${entry} ended without logging ${pattern}:\n${log.slice(-4_000)}`);
        await new Promise<void>((resolve) => (changed = resolve));
      }
    },
    async kill(signal) {
      child.kill(signal);
      await ended;
    },
  };
}

/** For `afterEach`: ends every process a test left, at once. */
export async function endProcesses(): Promise<void> {
  await Promise.all(
    [...alive].map(
      (child) =>
        new Promise<void>((resolve) => {
          child.on('close', () => resolve());
          child.kill('SIGKILL');
        }),
    ),
  );
}
