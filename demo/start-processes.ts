import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { HeadwayError } from '../contracts/errors';
import { projectRoot } from '../runtime/project-root';

export interface DemoProcess {
  readonly name: string;
  /** `http://host:port` of its `/readyz` and `/metrics`. */
  readonly address: string;
  /** SIGTERM, and SIGKILL where that was not enough. Resolves when it is gone. */
  stop(): Promise<void>;
}

export interface ProcessOptions {
  name: string;
  /** Relative to `dist/`. */
  program: string;
  env: NodeJS.ProcessEnv;
  logDir: string;
  signal: AbortSignal;
  /** Called with the way to stop it as soon as it runs. */
  onStarted: (stop: () => Promise<void>) => void;
  /** It ended and nobody asked it to. */
  onUnexpectedEnd: (error: HeadwayError) => void;
}

const readyTimeoutMs = 60_000;
/** A bridge whose Kafka is gone would try for much longer to say goodbye to it; killing one loses nothing. */
const killAfterMs = 8_000;

/**
 * Starts a Headway process and resolves when it is ready. It is in a process group of its own, so that a Ctrl-C reaches only
 * the demo, which then stops everything in order; and it watches its standard input, so that it does not outlive the demo.
 */
export async function startProcess(options: ProcessOptions): Promise<DemoProcess> {
  const { name, program, logDir, signal, onStarted, onUnexpectedEnd } = options;
  signal.throwIfAborted();
  mkdirSync(logDir, { recursive: true });
  const logFile = join(logDir, `${name}.log`);
  const log = openSync(logFile, 'a');
  const env = { ...options.env, ...processEnvironment(options.env) };
  const child = spawn(process.execPath, [join(projectRoot(), 'dist', program)], {
    env,
    stdio: ['pipe', log, log],
    detached: true,
  });
  closeSync(log);
  child.stdin?.on('error', () => {});

  let stopping = false;
  const ended = new Promise<void>((resolve) => {
    const end = (how: string) => {
      resolve();
      if (!stopping) void describeEnd(name, how, logFile).then(onUnexpectedEnd);
    };
    child.once('exit', (code, by) => end(by ?? `exit status ${code}`));
    child.once('error', (error) => end(error.message));
  });
  const stop = async () => {
    stopping = true;
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), killAfterMs);
    await ended;
    clearTimeout(timer);
  };
  onStarted(stop);

  const address = await untilReady(name, logFile, signal);
  return { name, address, stop };
}

function processEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const verbose = env.LOG_LEVEL === 'debug' || env.LOG_LEVEL === 'trace';
  return {
    HEADWAY_EXIT_WITH_PARENT: 'true',
    // One port for two processes cannot be; the log says which were taken.
    STATUS_PORT: '0',
    LOG_FORMAT: 'json',
    LOG_LEVEL: verbose ? env.LOG_LEVEL : 'info',
    // After the summary, or a Ctrl-C, nobody waits for the answers that are still to come.
    WORKER_SHUTDOWN_GRACE_MS: env.WORKER_SHUTDOWN_GRACE_MS || '1000',
  };
}

async function untilReady(name: string, logFile: string, signal: AbortSignal): Promise<string> {
  const deadline = performance.now() + readyTimeoutMs;
  while (performance.now() < deadline) {
    const address = await statusAddress(logFile);
    if (address !== undefined && (await isReady(address))) return address;
    await delay(100, undefined, { signal });
  }
  const seconds = readyTimeoutMs / 1000;
  throw new HeadwayError(
    'HW_STACK_FAILED',
    `The ${name} was not ready within ${seconds} s; see ${shown(logFile)}.`,
  );
}

async function statusAddress(logFile: string): Promise<string | undefined> {
  const text = await readFile(logFile, 'utf8');
  return /"address":"(http:[^"]+)"/.exec(text)?.[1];
}

async function isReady(address: string): Promise<boolean> {
  try {
    return (await fetch(`${address}/readyz`, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
}

/** A process that gives up says why in a plain sentence, between log lines that are JSON. */
async function describeEnd(name: string, how: string, logFile: string): Promise<HeadwayError> {
  const text = await readFile(logFile, 'utf8').catch(() => '');
  const sentence = text.split('\n').find((line) => line.startsWith(`${name}`));
  const why = sentence === undefined ? '' : ` It said: "${sentence}".`;
  return new HeadwayError(
    'HW_STACK_FAILED',
    `The ${name} ended by itself (${how}).${why} Its log is ${shown(logFile)}.`,
  );
}

function shown(file: string): string {
  const path = relative(process.cwd(), file);
  return path.startsWith('..') ? file : path;
}
