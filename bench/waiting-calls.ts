import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { HeadwayError } from '../contracts/errors';
import { projectRoot } from '../runtime/project-root';
import { runMain } from '../runtime/run-main';
import { freePort } from './waiting-calls/free-port';
import type { WaiterOptions } from './waiting-calls/waiter';

const help = `npm run bench:waiting -- [options]

What LLM calls cost a worker while they wait: one process awaits so many at a time, in packs of 50 and waves as the activity does, against the
simulator in a process of its own. Without Temporal: memory of workflows and heartbeats are not in it.

  --calls N     that wait at a time (default 20000, at most 50000)
  --seconds N   during which they are replaced as they end, after 30 that are not measured (default 60, at most 300)
  --fastest S   seconds that the fastest call takes (default 60)
  --slowest S   and the slowest (default 120, at most 600)
`;

void runMain('bench', async () => {
  const { values } = parseArgs({
    options: {
      calls: { type: 'string', default: '20000' },
      seconds: { type: 'string', default: '60' },
      fastest: { type: 'string', default: '60' },
      slowest: { type: 'string', default: '120' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void process.stdout.write(help);
  const options = {
    calls: numberOf('--calls', values.calls, 50_000),
    seconds: numberOf('--seconds', values.seconds, 300),
  };
  const fastest = numberOf('--fastest', values.fastest, 600);
  const slowest = numberOf('--slowest', values.slowest, 600);
  const port = await freePort();
  const simulator = run(['stack', 'llm-simulator', 'main.js'], [], {
    SIMULATOR_PORT: String(port),
    SIMULATOR_LOG: 'quiet',
    SIMULATOR_LATENCY_MIN_MS: String(fastest * 1_000),
    SIMULATOR_LATENCY_MAX_MS: String(slowest * 1_000),
    SIMULATOR_LATENCY_SLOW_RATIO: '0',
  });
  try {
    const given: WaiterOptions = { ...options, origin: `http://127.0.0.1:${port}` };
    process.stdout.write(
      `${availableParallelism()} cores, Node.js ${process.version}, calls of ${fastest}-${slowest} s\n`,
    );
    const waiter = run(['bench', 'waiting-calls', 'waiter.js'], [JSON.stringify(given)], {});
    const [code] = (await once(waiter, 'close')) as [number | null];
    if (code !== 0) throw new HeadwayError('HW_INTERNAL', `the waiting process ended with ${code}`);
  } finally {
    simulator.kill('SIGTERM');
  }
});

function run(entry: string[], args: string[], env: NodeJS.ProcessEnv): ChildProcess {
  return spawn(process.execPath, ['--expose-gc', join(projectRoot(), 'dist', ...entry), ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}

function numberOf(option: string, text: string, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new HeadwayError('HW_CONFIG_INVALID', `${option} must be a whole number from 1 to ${most}.`);
}
