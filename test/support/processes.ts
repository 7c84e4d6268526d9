import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { projectRoot } from '../../runtime/project-root';

/** A process of Headway as a user starts it, from dist/. */
export interface HeadwayProcess {
  pid: number;
  /** Resolves when a log line matches; rejects when the process ends without one. */
  logged(pattern: RegExp): Promise<string>;
  /** Everything logged so far. */
  log(): string;
  kill(signal: NodeJS.Signals): Promise<void>;
}

const alive = new Set<ChildProcess>();

/** Starts `dist/<entry>` with these variables beside the test's own. Its log is kept for failing tests. */
export function startProcess(entry: string, env: NodeJS.ProcessEnv): HeadwayProcess {
  const child = spawn(process.execPath, [join(projectRoot(), 'dist', entry)], {
    env: { ...process.env, LOG_FORMAT: 'json', LOG_LEVEL: 'debug', HEADWAY_EXIT_WITH_PARENT: '1', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  alive.add(child);
  let log = '';
  let changed = () => {};
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      log += text;
      changed();
    });
  }
  const ended = new Promise<void>((resolve) =>
    child.on('close', () => {
      alive.delete(child);
      changed();
      resolve();
    }),
  );
  return {
    pid: child.pid ?? -1,
    log: () => log,
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
