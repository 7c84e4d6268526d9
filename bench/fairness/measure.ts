import { setTimeout as delay } from 'node:timers/promises';
import type { Producer } from 'kafkajs';
import { createPackStarter, type StartPack } from '../../bridge/start-pack';
import type { JobRequest } from '../../contracts/job-request';
import { pipelineNamed } from '../../pipelines/registry';
import { topics, type FloodStack } from '../flood/flood-stack';
import { PARTITIONS } from '../kafka-load';
import { variants, type Door, type Measured, type Scenario, type Variant } from './scenarios';

/** Shares of the flood that have their result when a single job is sent, by turns through each door. */
const SENT_AT = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6];
const ALONE = 6;
/** Where no record of the flood is: those behind it in a partition wait until it was handed over. */
const SINGLE_PARTITION = PARTITIONS - 1;

const doorOf = (index: number): Door => (index % 2 === 0 ? 'kafka' : 'direct');

/** Floods, one after the other, each with single jobs sent while it lasts; before them single jobs alone. */
export async function measureScenario(
  flood: FloodStack,
  scenario: Scenario,
  rounds: number,
): Promise<Measured[]> {
  const { client, kafka, report, results } = flood;
  const names = { HEADWAY_TASK_QUEUE: scenario.name, HEADWAY_LLM_TASK_QUEUE: `${scenario.name}-llm` };
  const slots = scenario.llmSlots && { WORKER_LLM_ACTIVITY_SLOTS: String(scenario.llmSlots) };
  const [worker, bridge] = await Promise.all([
    flood.startWorker({ ...names, ...slots }),
    flood.startBridge({ ...names, PACK_MAX: String(scenario.packMax) }),
  ]);
  const startPack = createPackStarter({
    ...{ client, pipelineNamed },
    ...{ taskQueue: scenario.name, llmTaskQueue: `${scenario.name}-llm` },
  });
  const producer = kafka.producer();
  await producer.connect();
  const measured: Measured[] = [];
  let sent = results.jobs();
  try {
    // Connections, caches and compiled code are not what is measured.
    await sendFlood('warm-up', 200, {});
    await results.reach((sent += 200));
    for (let index = 0; index < ALONE; index++) {
      await delay(300);
      const single = await sendSingle(`alone-${index}`, doorOf(index), {});
      measured.push({ scenario: scenario.name, variant: 'alone', floodPerSecond: 0, ...single });
      sent += 1;
    }
    for (let round = 0; round < rounds; round++) {
      // In another order each time, so that none is always first.
      const order = Object.keys(variants) as Variant[];
      for (const variant of [...order.slice(round % 3), ...order.slice(0, round % 3)]) {
        report.progress(() => `${scenario.title}: round ${round + 1}, ${variant}, ${results.jobs()} results`);
        measured.push(...(await floodOnce(variant, `${variant}-${round}`)));
      }
    }
  } finally {
    await producer.disconnect();
    await Promise.all([bridge.stop(), worker.stop()]);
  }
  return measured;

  async function floodOnce(variant: Variant, name: string): Promise<Measured[]> {
    const before = sent;
    const beganAt = Date.now();
    await sendFlood(name, scenario.flood, variants[variant].flood);
    const singles = await Promise.all(
      SENT_AT.map(async (share, index) => {
        await results.reach(before + Math.ceil(share * scenario.flood));
        const door = doorOf(index);
        return await sendSingle(`${name}-single-${index}`, door, variants[variant].single(index));
      }),
    );
    sent += scenario.flood + SENT_AT.length;
    await results.reach(sent);
    const floodPerSecond = Math.round((scenario.flood / (Date.now() - beganAt)) * 10_000) / 10;
    return singles.map((single) => ({ scenario: scenario.name, variant, floodPerSecond, ...single }));
  }

  async function sendFlood(name: string, jobs: number, parts: Partial<JobRequest>): Promise<void> {
    const messages = Array.from({ length: jobs }, (_, index) => ({
      value: JSON.stringify(request(`${scenario.name}-${name}-${index}`, parts)),
      partition: index % SINGLE_PARTITION,
    }));
    await producer.send({ topic: topics.queue, messages });
  }

  async function sendSingle(name: string, door: Door, parts: Partial<JobRequest>) {
    const job = request(`${scenario.name}-${name}`, parts);
    const before = results.jobs();
    const sentAt = Date.now();
    if (door === 'direct') await startDirectly(startPack, job);
    else await sendRecord(producer, job);
    const seen = await results.of(job.id);
    // It may have had other single jobs in front of it, which does not matter beside a flood.
    return { door, ms: seen.at - sentAt, floodResults: seen.before - before };
  }

  function request(id: string, parts: Partial<JobRequest>): JobRequest & { id: string } {
    const question = `Who are their competitors? [[simulate: latency=${scenario.llmMs}]]`;
    const input = { company: 'Vantorp Steel', domain: 'vantorp.example', question };
    return { id, pipeline: 'company-brief', input, ...parts };
  }
}

async function sendRecord(producer: Producer, job: JobRequest): Promise<void> {
  const messages = [{ value: JSON.stringify(job), partition: SINGLE_PARTITION }];
  await producer.send({ topic: topics.queue, messages });
}

/** As the HTTP door does. */
async function startDirectly(startPack: StartPack, job: JobRequest & { id: string }): Promise<void> {
  const source = { door: 'http', timestamp: Date.now() } as const;
  await startPack({ workflowId: job.id, jobs: [{ ...job, source }] });
}
