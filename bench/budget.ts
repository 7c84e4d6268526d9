import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { HeadwayError } from '../contracts/errors';
import { projectRoot } from '../runtime/project-root';
import { runMain } from '../runtime/run-main';
import type { LimitCounts } from '../stack/llm-simulator/rate-limits';
import { startSimulator } from '../stack/llm-simulator/simulator';
import { migrate } from '../stack/postgres/migrate';
import type { CallerOptions } from './budget/caller';

const help = `npm run bench:budget -- [options]

How much of a provider's limit is used, and how many calls are answered 429: two processes that share the budget through PostgreSQL, and at the same
time two that each call at once and back off. All begin at once and know nothing. The simulator enforces the limit; each way has its own.

  --rounds N    of each limit (default 2, at most 10)
  --seconds N   that are measured in each, after 12 that are not (default 40, at most 300)
`;

const PROCESSES = 2;
const WARM_UP_SECONDS = 12;
const JOBS = 60;

interface Scenario {
  limits: { requestsPerMinute: number } | { tokensPerMinute: number; tokensCounted: 'reserved' | 'used' };
  latencyMs: [number, number];
  /** Saved up at the provider at most, and at the start. */
  burstSeconds: number;
  maxOutputTokens: number;
}

const common = {
  latencyMs: [500, 1_500],
  burstSeconds: 10,
  maxOutputTokens: 1_000,
} satisfies Partial<Scenario>;

/** In each, the jobs want several times what the limit allows. */
const scenarios: Record<string, Scenario> = {
  '1,200 requests a minute': { ...common, limits: { requestsPerMinute: 1_200 } },
  '1.2 million tokens a minute, reserved at the call': {
    ...common,
    limits: { tokensPerMinute: 1_200_000, tokensCounted: 'reserved' },
  },
  '0.3 million tokens a minute, counted at the end': {
    ...common,
    limits: { tokensPerMinute: 300_000, tokensCounted: 'used' },
  },
  'few long calls: 1 million tokens a minute, 8,000 reserved at the call': {
    limits: { tokensPerMinute: 1_000_000, tokensCounted: 'reserved' },
    ...{ latencyMs: [5_000, 10_000], burstSeconds: 60, maxOutputTokens: 8_000 },
  },
};

interface Round {
  scenario: string;
  shared: boolean;
  used: number;
  /** Of what was used, this was saved up before; less than nothing where more was saved up afterwards. */
  drawn: number;
  refused: number;
  /** While nothing was known yet. */
  refusedAtStart: number;
  jobsPerSecond: number;
  p50: number;
  p99: number;
}

void runMain('bench', async () => {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '2' },
      seconds: { type: 'string', default: '40' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void process.stdout.write(help);
  const rounds = numberOf('--rounds', values.rounds, 10);
  const seconds = numberOf('--seconds', values.seconds, 300);
  await withDatabase(async (databaseUrl) => {
    const measured: Round[] = [];
    for (let round = 0; round < rounds; round++) {
      for (const name of Object.keys(scenarios)) {
        const both = [true, false].map((shared) => measure(name, shared, seconds, databaseUrl));
        measured.push(...(await Promise.all(both)));
      }
    }
    process.stdout.write(
      `${availableParallelism()} cores, Node.js ${process.version}; each round\n\n${table(measured)}`,
    );
  });
});

async function measure(
  scenario: string,
  shared: boolean,
  seconds: number,
  databaseUrl: string,
): Promise<Round> {
  const { limits, latencyMs, burstSeconds, maxOutputTokens } = scenarios[scenario]!;
  const simulator = await startSimulator({
    ...{ latencyMinMs: latencyMs[0], latencyMaxMs: latencyMs[1], latencySlowRatio: 0 },
    ...{ limitBurstSeconds: burstSeconds, ...limits },
  });
  try {
    const countFrom = Date.now() + WARM_UP_SECONDS * 1_000;
    const endAt = countFrom + seconds * 1_000;
    const callers = Array.from({ length: PROCESSES }, (_, index) =>
      runCaller({
        ...{ name: `process-${index}`, shared, baseUrl: simulator.baseUrl, databaseUrl },
        ...{ jobs: JOBS, maxOutputTokens, countFrom, endAt },
      }),
    );
    const counts = async () => {
      const response = await fetch(`${simulator.origin}/simulator/limits`);
      return (Object.values((await response.json()) as object) as LimitCounts[])[0]!;
    };
    await until(countFrom);
    const before = await counts();
    await until(endAt - 100);
    const after = await counts();
    const waits = (await Promise.all(callers)).flat().sort((a, b) => a - b);
    const unit = 'requestsPerMinute' in limits ? 'requests' : 'tokens';
    const perMinute = 'requestsPerMinute' in limits ? limits.requestsPerMinute : limits.tokensPerMinute;
    const minutes = (seconds * 1_000 - 100) / 60_000;
    const refusedBy = ({ refused }: LimitCounts) => refused.requests + refused.tokens;
    const made = after.taken.requests - before.taken.requests;
    const refused = refusedBy(after) - refusedBy(before);
    return {
      ...{ scenario, shared },
      used: (after.taken[unit] - before.taken[unit]) / (perMinute * minutes),
      drawn: (before.left[unit]! - after.left[unit]!) / (perMinute * minutes),
      refused: refused / Math.max(1, made + refused),
      refusedAtStart: refusedBy(before) / Math.max(1, before.taken.requests + refusedBy(before)),
      jobsPerSecond: made / (minutes * 60),
      p50: waits[Math.floor(waits.length * 0.5)] ?? NaN,
      p99: waits[Math.floor(waits.length * 0.99)] ?? NaN,
    };
  } finally {
    await simulator.stop();
  }
}

function runCaller(options: CallerOptions): Promise<number[]> {
  const entry = join(projectRoot(), 'dist', 'bench', 'budget', 'caller.js');
  const child = spawn(process.execPath, [entry, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      const last = output.trim().split('\n').at(-1);
      if (code !== 0 || !last) return reject(new Error(`${options.name} ended with ${code}`));
      resolve((JSON.parse(last) as { waits: number[] }).waits);
    });
  });
}

/** PostgreSQL as in the local stack, with nothing in it. */
async function withDatabase(work: (url: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'headway-budget-'));
  const port = await freePort();
  const entry = join(projectRoot(), 'dist', 'stack', 'postgres', 'main.js');
  const server = spawn(process.execPath, [entry, String(port), join(folder, 'postgres')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await new Promise<void>((resolve, reject) => {
      server.stdout.once('data', () => resolve());
      server.once('error', reject);
      server.once('close', () => reject(new Error('PostgreSQL did not start')));
    });
    const url = `postgresql://postgres@127.0.0.1:${port}/postgres`;
    await migrate(url);
    await work(url);
  } finally {
    server.kill('SIGTERM');
    await rm(folder, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function table(rounds: Round[]): string {
  const lines = [
    '| limit | way | of the budget used | of it saved up before | answered 429 | in the first 12 s | calls/s | wait p50 | wait p99 |',
    '|---|---|---|---|---|---|---|---|---|',
  ];
  for (const scenario of Object.keys(scenarios)) {
    for (const shared of [true, false]) {
      const own = rounds.filter((round) => round.scenario === scenario && round.shared === shared);
      const all = (text: (round: Round) => string) => own.map(text).join(', ');
      const cells = [
        all(({ used }) => `${(used * 100).toFixed(1)} %`),
        all(({ drawn }) => `${(drawn * 100).toFixed(1)} %`),
        all(({ refused }) => `${(refused * 100).toFixed(2)} %`),
        all(({ refusedAtStart }) => `${(refusedAtStart * 100).toFixed(0)} %`),
        all(({ jobsPerSecond }) => jobsPerSecond.toFixed(1)),
        all(({ p50 }) => secondsOf(p50)),
        all(({ p99 }) => secondsOf(p99)),
      ];
      lines.push(`| ${scenario} | ${shared ? 'shared budget' : 'naive retries'} | ${cells.join(' | ')} |`);
    }
  }
  return `${lines.join('\n')}\n`;
}

function numberOf(option: string, text: string, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new HeadwayError('HW_CONFIG_INVALID', `${option} must be a whole number from 1 to ${most}.`);
}

function until(time: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, time - Date.now())));
}

/** No job that came during the measurement may have had its turn in it. */
function secondsOf(ms: number): string {
  return Number.isNaN(ms) ? 'longer' : `${(ms / 1_000).toFixed(1)} s`;
}
