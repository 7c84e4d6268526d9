import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request as httpRequest } from 'node:http';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import type { JobRequest } from '../contracts/job-request';
import type { PackInput, PackJob } from '../contracts/pack';
import { searchAttributes } from '../contracts/search-attributes';
import { PROCESS_PACK } from '../contracts/workflow-names';
import { pipelineNamed } from '../pipelines/registry';
import { runMain } from '../runtime/run-main';
import { createProgressPrinter } from '../stack/progress-printer';
import { startStack } from '../stack/start-stack';
import { startHttpDoor } from './headway-processes';

const help = `npm run bench:http -- [options]

Jobs a second that the HTTP door accepts, against a bare loop of client.workflow.start with the same argument on the same
server, in alternating rounds. No worker takes the jobs; they are terminated with the server.

  --jobs N          jobs a round (default 300)
  --rounds N        rounds for each of the two (default 5)
  --concurrency N   at a time (default 12)
`;

interface Round {
  perSecond: number;
  p50: number;
  p99: number;
}

type Way = 'door' | 'loop';

void runMain('bench', async () => {
  const { values } = parseArgs({
    options: {
      jobs: { type: 'string', default: '300' },
      rounds: { type: 'string', default: '5' },
      concurrency: { type: 'string', default: '12' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void process.stdout.write(help);
  const [jobs, rounds, concurrency] = [values.jobs, values.rounds, values.concurrency].map(Number) as [
    number,
    number,
    number,
  ];
  const dataDir = await mkdtemp(join(tmpdir(), 'headway-bench-'));
  const stateFile = join(dataDir, 'stack.json');
  const printer = createProgressPrinter(process.stderr);
  const stack = await startStack({ dataDir, stateFile, onProgress: printer.onProgress });
  printer.close();
  const connection = await Connection.connect({ address: stack.addresses.temporalAddress });
  const taskQueue = 'http-load';
  const door = await startHttpDoor({
    HEADWAY_STACK_FILE: stateFile,
    HEADWAY_TASK_QUEUE: taskQueue,
    HTTP_RATE_LIMIT_PER_MINUTE: '10000000',
    HTTP_START_CONCURRENCY: String(concurrency),
  });
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency });
  try {
    const client = new Client({ connection });
    const ways: Record<Way, () => Promise<unknown>> = {
      door: () => post(door.address, agent, requestOf()),
      loop: () => startBare(client, taskQueue),
    };
    const measured: Record<Way, Round[]> = { door: [], loop: [] };
    // Connections, caches and compiled code are not what is measured.
    for (const way of ['door', 'loop'] as const) await measure(ways[way], 50, concurrency);
    for (let round = 0; round < rounds; round++) {
      const order: Way[] = round % 2 === 0 ? ['door', 'loop'] : ['loop', 'door'];
      for (const way of order) {
        const result = await measure(ways[way], jobs, concurrency);
        process.stderr.write(`${way} ${JSON.stringify(result)}\n`);
        measured[way].push(result);
      }
    }
    process.stdout.write(report(measured, jobs, concurrency));
  } finally {
    agent.destroy();
    await door.stop();
    await connection.close();
    // With it goes every workflow that was started.
    await stack.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
});

function requestOf(): JobRequest {
  const question = `Who are their competitors? ${randomUUID()}`;
  return {
    pipeline: 'company-brief',
    input: { company: 'Vantorp Steel', domain: 'vantorp.example', question },
  };
}

/** The same workflow with the same argument and the same search attributes, and nothing around it. */
function startBare(client: Client, taskQueue: string): Promise<unknown> {
  const id = randomUUID();
  const job: PackJob = { ...requestOf(), id, source: { door: 'http', timestamp: Date.now() } };
  const policies = { [job.pipeline]: pipelineNamed(job.pipeline).policy };
  const input: PackInput = { jobs: [job], policies, llmTaskQueue: 'headway-llm' };
  return client.workflow.start(PROCESS_PACK, {
    workflowId: id,
    taskQueue,
    args: [input],
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
    typedSearchAttributes: [
      { key: searchAttributes.jobIds, value: [id] },
      { key: searchAttributes.pipelines, value: [job.pipeline] },
      { key: searchAttributes.status, value: 'running' },
      { key: searchAttributes.jobCount, value: 1 },
    ],
  });
}

async function measure(start: () => Promise<unknown>, count: number, concurrency: number): Promise<Round> {
  const took: number[] = [];
  let left = count;
  const beganAt = performance.now();
  const one = async (): Promise<void> => {
    while (left-- > 0) {
      const startedAt = performance.now();
      await start();
      took.push(performance.now() - startedAt);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, one));
  const seconds = (performance.now() - beganAt) / 1_000;
  took.sort((a, b) => a - b);
  const at = (share: number) =>
    Math.round(took[Math.min(took.length - 1, Math.floor(took.length * share))] ?? 0);
  return { perSecond: Math.round((count / seconds) * 10) / 10, p50: at(0.5), p99: at(0.99) };
}

function post(address: string, agent: Agent, body: JobRequest): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${address}/v1/jobs`, {
      method: 'POST',
      agent,
      headers: { 'content-type': 'application/json' },
    });
    request.once('error', reject);
    request.once('response', (response) => {
      response.resume();
      response.once('end', () =>
        response.statusCode === 202
          ? resolve()
          : reject(new Error(`the door answered ${response.statusCode}`)),
      );
    });
    request.end(JSON.stringify(body));
  });
}

function report({ door, loop }: Record<Way, Round[]>, jobs: number, concurrency: number): string {
  const ratios = door.map((one, index) => one.perSecond / (loop[index]?.perSecond ?? Number.NaN));
  const row = (name: string, rounds: Round[]) =>
    `| ${name} | ${spread(rounds.map((one) => one.perSecond))} | ${spread(rounds.map((one) => one.p50))} | ${spread(rounds.map((one) => one.p99))} |`;
  return [
    `${jobs} jobs a round, ${concurrency} at a time, ${availableParallelism()} cores, Node.js ${process.version}; median (lowest-highest)`,
    '',
    '| way | jobs/s | p50 ms | p99 ms |',
    '|---|---|---|---|',
    row('HTTP door', door),
    row('bare loop', loop),
    '',
    `ratio ${spread(ratios.map((ratio) => Math.round(ratio * 100) / 100))}`,
    '',
  ].join('\n');
}

function spread(values: number[]): string {
  const sorted = [...values].sort((a, b) => a - b);
  return `${sorted[sorted.length >> 1]} (${sorted[0]}-${sorted.at(-1)})`;
}
