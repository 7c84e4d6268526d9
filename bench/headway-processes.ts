import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { within } from './compare/within';
import { projectRoot } from '../runtime/project-root';

export interface BenchProcess {
  pid: number;
  /** Where it serves its metrics: `http://host:port`. */
  statusAddress: string;
  /** The address that the first log line has which matches. */
  addressIn(pattern: RegExp): string;
  /** How many log lines match so far. */
  logged(pattern: RegExp): number;
  /** SIGTERM, and SIGKILL where that does not help; resolves when it has ended. */
  stop(): Promise<void>;
}

/** A start that takes longer is given up, and nothing of it goes on. */
const START_MS = 60_000;
/** After which a process that was told to stop is killed: more than it may take by itself. */
const STOP_MS = 40_000;

/** Resolves when it polls. */
export function startWorker(env: NodeJS.ProcessEnv): Promise<BenchProcess> {
  return start('workers/main.js', env, /worker is up/);
}

/** Resolves when it is in its group. */
export function startBridge(env: NodeJS.ProcessEnv): Promise<BenchProcess> {
  return start('bridge/kafka/main.js', env, /"joined the group"/);
}

/** The HTTP door on a free port. Resolves when it listens; `address` is where. */
export async function startHttpDoor(env: NodeJS.ProcessEnv): Promise<BenchProcess & { address: string }> {
  const door = await start('bridge/http/main.js', { HTTP_PORT: '0', ...env }, /HTTP door is up/);
  return { ...door, address: door.addressIn(/HTTP door is up/) };
}

async function start(entry: string, env: NodeJS.ProcessEnv, up: RegExp): Promise<BenchProcess> {
  const child = spawn(process.execPath, [join(projectRoot(), 'dist', entry)], {
    env: { ...process.env, HEADWAY_EXIT_WITH_PARENT: '1', LOG_FORMAT: 'json', LOG_LEVEL: 'info', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  try {
    await within(START_MS, `the start of ${entry}`, said(child, lines, up));
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
  const addressIn = (pattern: RegExp): string => {
    const line = lines.find((one) => pattern.test(one)) ?? '{}';
    return (JSON.parse(line) as { address?: string }).address ?? '';
  };
  return {
    pid: child.pid ?? -1,
    statusAddress: addressIn(/health and metrics are served/),
    addressIn,
    logged: (pattern) => lines.filter((line) => pattern.test(line)).length,
    stop: () => ended(child),
  };
}

/** Collects the log, and resolves with the first line that matches. */
function said(child: ChildProcess, lines: string[], pattern: RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    let rest = '';
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      const parts = (rest + chunk).split('\n');
      rest = parts.pop() ?? '';
      lines.push(...parts);
      if (parts.some((line) => pattern.test(line))) resolve();
    });
    child.on('close', (code) =>
      reject(new Error(`${child.spawnargs.at(-1)} ended with ${code}:\n${lines.slice(-20).join('\n')}`)),
    );
  });
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    child.on('close', () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill('SIGTERM');
  });
}
