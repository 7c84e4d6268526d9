import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { projectRoot } from '../../runtime/project-root';
import { processesOf } from './processes-of';

/** What must not reach a stack that a test starts: then it would leave components out, or use the suite's own. */
const notPassedOn = [
  'KAFKA_BROKERS',
  'TEMPORAL_ADDRESS',
  'DATABASE_URL',
  'OPENAI_API_KEY',
  'OPENAI_BASE_URL',
];

export interface StackProcess {
  readonly child: ChildProcess;
  /** Standard output and error so far. */
  output(): string;
  /** Resolves with the exit status when it has ended. */
  readonly exited: Promise<number | null>;
  /** What it started and still runs; itself included. */
  processes(): { pid: number; command: string }[];
}

/** Runs the stack's main program as a process, with data and state file in `folder`. */
export function runStack(folder: string, env: NodeJS.ProcessEnv = {}, args: string[] = []): StackProcess {
  const main = join(projectRoot(), 'dist', 'stack', 'main.js');
  const inherited = Object.entries(process.env).filter(([name]) => !notPassedOn.includes(name));
  const child = spawn(process.execPath, [main, '--data-dir', join(folder, 'data'), ...args], {
    env: { ...Object.fromEntries(inherited), HEADWAY_STACK_FILE: join(folder, 'stack.json'), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += String(text)));
  return {
    child,
    output: () => output,
    exited: new Promise((resolve) => child.once('close', resolve)),
    processes: () => processesOf(folder),
  };
}
