import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { Kafka, logLevel, type Admin } from 'kafkajs';
import { createProgressPrinter } from '../stack/progress-printer';
import { runMain } from '../runtime/run-main';
import { startStack } from '../stack/start-stack';
import type { Stack } from '../stack/types';
import { startHeadway, type HeadwayProcesses } from './headway-processes';
import { committedSum, countResults, PARTITIONS, produceJobs } from './kafka-load';
import { memoryOf, serverPids } from './process-memory';

const help = `npm run bench:cost -- [options]

What a job costs: jobs per second, CPU of the whole machine, history events and state transitions, with real
servers. Everything is started afresh, and each round has topics of its own.

  --jobs N        jobs a round (default 400)
  --packs A,B     PACK_MAX of the rounds, which alternate (default 1,50)
  --rounds N      rounds for each of them (default 3)
  --llm-scale X   the simulated LLM takes 5-10 s times X (default 0)
`;

interface Round {
  packMax: number;
  jobsPerSecond: number;
  handedOverMs: number;
  cpuMsPerJob: number;
  transitionsPerJob: number;
  eventsPerJob: number;
  workerMegabytes: number;
  /** CPU milliseconds a job by process, children included where they are waited for. */
  cpuBy: Record<string, number>;
}

void runMain('bench', async () => {
  const { values } = parseArgs({
    options: {
      jobs: { type: 'string', default: '400' },
      packs: { type: 'string', default: '1,50' },
      rounds: { type: 'string', default: '3' },
      'llm-scale': { type: 'string', default: '0' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void process.stdout.write(help);
  const dataDir = await mkdtemp(join(tmpdir(), 'headway-bench-'));
  const printer = createProgressPrinter(process.stderr);
  const stateFile = join(dataDir, 'stack.json');
  const stack = await startStack({
    dataDir,
    stateFile,
    simulator: { seed: 1, timeScale: Number(values['llm-scale']) },
    onProgress: printer.onProgress,
  });
  printer.close();
  try {
    const rounds: Round[] = [];
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const packMax of values.packs.split(',').map(Number)) {
        const measured = await measure(stack, stateFile, packMax, Number(values.jobs), rounds.length);
        process.stderr.write(`${JSON.stringify(measured)}\n`);
        rounds.push(measured);
      }
    }
    process.stdout.write(table(rounds, Number(values.jobs)));
  } finally {
    await stack.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
});

async function measure(
  { addresses, servers }: Stack,
  stateFile: string,
  packMax: number,
  jobs: number,
  round: number,
): Promise<Round> {
  const kafka = new Kafka({
    brokers: (addresses.kafkaBrokers ?? '').split(','),
    logLevel: logLevel.NOTHING,
    retry: { retries: 20 },
  });
  const connection = await Connection.connect({ address: addresses.temporalAddress });
  const client = new Client({ connection });
  const admin = kafka.admin();
  await admin.connect();
  const name = `cost-${round}-${Date.now()}`;
  const topics = { queue: `${name}-queue`, results: `${name}-results`, dlq: `${name}-dlq` };
  await admin.createTopics({
    topics: Object.values(topics).map((topic) => ({ topic, numPartitions: PARTITIONS })),
  });
  const headway: HeadwayProcesses = await startHeadway(stateFile, name, topics, packMax);
  const results = await countResults(kafka, topics.results);
  await produceJobs(kafka, topics.queue, jobs);
  try {
    // Connections, caches and compiled code are not what is measured.
    await results.reach(jobs);
    const pids = { ...serverPids(servers), bridge: headway.bridgePid, worker: headway.workerPid };
    const cpuBefore = await machineCpuMs();
    const eachBefore = await eachCpuMs(pids);
    const beganAt = Date.now();
    await produceJobs(kafka, topics.queue, jobs);
    const handedOver = committed(admin, headway.group, topics.queue, 2 * jobs).then(
      () => Date.now() - beganAt,
    );
    await results.reach(2 * jobs);
    const tookMs = Date.now() - beganAt;
    const cpuMs = (await machineCpuMs()) - cpuBefore;
    const each = await eachCpuMs(pids);
    const cpuBy = Object.fromEntries(
      Object.entries(each).map(([name, ms]) => [name, round1((ms - (eachBefore[name] ?? 0)) / jobs)]),
    );
    const workerMegabytes = (await memoryOf(headway.workerPid)).peak;
    const { transitions, events } = await engineCost(client, name);
    return {
      packMax,
      jobsPerSecond: round1((jobs / tookMs) * 1_000),
      handedOverMs: await handedOver,
      cpuMsPerJob: round1(cpuMs / jobs),
      transitionsPerJob: round1(transitions / (2 * jobs)),
      eventsPerJob: round1(events / (2 * jobs)),
      workerMegabytes,
      cpuBy,
    };
  } finally {
    await results.stop();
    await headway.stop();
    await admin.disconnect();
    await connection.close();
  }
}

async function committed(admin: Admin, groupId: string, topic: string, count: number): Promise<void> {
  while ((await committedSum(admin, groupId, topic)) < count) {
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

async function engineCost(
  client: Client,
  taskQueue: string,
): Promise<{ transitions: number; events: number }> {
  let transitions = 0;
  let events = 0;
  for await (const { workflowId } of client.workflow.list({ query: `TaskQueue = '${taskQueue}'` })) {
    const { raw } = await client.workflow.getHandle(workflowId).describe();
    transitions += Number(raw.workflowExecutionInfo?.stateTransitionCount ?? 0);
    events += Number(raw.workflowExecutionInfo?.historyLength ?? 0);
  }
  return { transitions, events };
}

/** CPU time of all processes of this machine since it was started, in milliseconds: user, nice, system, interrupts. */
async function machineCpuMs(): Promise<number> {
  const [line = ''] = (await readFile('/proc/stat', 'utf8')).split('\n');
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = line
    .trim()
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user + nice + system + irq + softirq) * 10;
}

async function eachCpuMs(pids: Record<string, number | undefined>): Promise<Record<string, number>> {
  const entries = Object.entries(pids).map(async ([name, pid]): Promise<[string, number]> => {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8');
    // Behind the command, which may hold anything: field 14 and 15 of proc(5) are user and system ticks.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return [name, (Number(fields[11]) + Number(fields[12])) * 10];
  });
  return Object.fromEntries(await Promise.all(entries));
}

function table(rounds: Round[], jobs: number): string {
  const columns = Object.keys(rounds[0] ?? {}).filter(
    (key) => key !== 'packMax' && key !== 'cpuBy',
  ) as Exclude<keyof Round, 'cpuBy'>[];
  const lines = [...new Set(rounds.map((round) => round.packMax))].map((packMax) => {
    const own = rounds.filter((round) => round.packMax === packMax);
    const cells = columns.map((column) => {
      const values = own.map((round) => round[column]).sort((a, b) => a - b);
      return `${values[values.length >> 1]} (${values[0]}-${values.at(-1)})`;
    });
    return `| ${packMax} | ${cells.join(' | ')} |`;
  });
  const head = `${jobs} jobs a round, ${availableParallelism()} cores, Node.js ${process.version}; median (lowest-highest)\n`;
  return `${head}\n| PACK_MAX | ${columns.join(' | ')} |\n|${'---|'.repeat(columns.length + 1)}\n${lines.join('\n')}\n`;
}

function round1(value: number): number {
  return Math.round(value * 10) / 10;
}
