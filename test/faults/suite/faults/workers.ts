import { topicOf } from '../fence-producer';
import { topics, type World } from '../world';
import { NoEffect, type Fault, type Scene } from './fault';
import { llmTotals } from './llm';
import { work } from './resources';
import { allUp, killOneThatIsUp, killWithin, sign, times } from './waiting';

/** Keep-alives and heartbeats have a few hundred bytes, what carries answers of the model has more. */
const ANSWERS_BYTES = 2_000;

/**
 * Fault 2 of the matrix: workers that die in the middle of a stage. Not in post-process: that of the shipped pipeline is a millisecond
 * of pure computing, in which nothing waits that could be stalled. Who dies in publish has just done it, though, and Temporal does
 * not know yet, so that its post-process is done again as well.
 */
export const workerFaults: Fault[] = [
  {
    name: 'worker-killed',
    about: 'a worker SIGKILLed three times, at random moments',
    needs: ['workers'],
    repeatsLlmCalls: 3,
    async strike({ world, random }) {
      const killed: string[] = [];
      for (let time = 0; time < times(world, 3); time++) {
        const worker = random.pick(world.workers);
        await killOneThatIsUp(worker, 'SIGKILL');
        killed.push(worker.name);
        await world.last(random.integer(1_000, 8_000));
      }
      return `killed: ${killed.join(', ')}`;
    },
  },
  {
    name: 'worker-killed-in-enrich',
    about: 'every worker SIGKILLed while its queries wait for PostgreSQL',
    needs: work,
    repeatsLlmCalls: 1,
    strike: (scene) => killWhileWaiting(scene, [scene.world.proxies.postgres]),
  },
  {
    name: 'worker-killed-in-llm-call',
    about: 'every worker SIGKILLed while its requests wait for the LLM provider',
    needs: work,
    repeatsLlmCalls: 1,
    strike: (scene) => killWhileWaiting(scene, [scene.world.proxies.llm]),
  },
  {
    name: 'worker-killed-in-publish',
    about:
      'every worker SIGKILLed while its results wait for Kafka, post-processed and not known to Temporal',
    needs: work,
    repeatsLlmCalls: 1,
    async strike(scene) {
      let waits = false;
      const proxies = scene.world.proxies.kafka;
      // With a request for results at hand: a worker sends no other before the answer, so waiting for one later would be in vain.
      const stallWithResults = () => {
        for (const proxy of proxies) {
          proxy.onProduce((frame) => {
            // Once: those that are started in their place publish, too.
            if (!waits && topicOf(frame) === topics.results) {
              waits = true;
              proxies.forEach((one) => one.stall());
            }
            return 'forward';
          });
        }
      };
      try {
        return await killWhileWaiting(scene, proxies, () => waits, stallWithResults);
      } finally {
        for (const proxy of proxies) proxy.onProduce(undefined);
      }
    },
  },
  {
    name: 'worker-killed-in-completion',
    about: 'every worker SIGKILLed while what it has done waits for Temporal',
    needs: work,
    repeatsLlmCalls: 1,
    strike(scene) {
      const proxy = scene.world.proxies.temporalOfWorkers;
      return killWhileWaiting(scene, [proxy], () => proxy.waiting().bytes > ANSWERS_BYTES);
    },
  },
  {
    name: 'worker-terminated',
    about: 'each worker SIGTERMed in turn while LLM calls run, as in a deployment',
    needs: work,
    repeatsLlmCalls: 2,
    async strike({ world }) {
      const running: number[] = [];
      for (const worker of world.workers) {
        await allUp([worker]);
        await sign('LLM calls run', async () => (await llmTotals(world)).inFlight > 0);
        running.push((await llmTotals(world)).inFlight);
        await killWithin(worker, 'SIGTERM');
        await allUp([worker]);
        await world.last(3_000);
      }
      return `${running.join(', ')} LLM calls ran`;
    },
  },
  {
    name: 'workers-away',
    about: 'no worker for a minute',
    needs: ['workers'],
    repeatsLlmCalls: 1,
    async strike({ world, load }) {
      for (const worker of world.workers) worker.pauseRestarts();
      const before = load.sent.size;
      try {
        await Promise.all(world.workers.map((worker) => killWithin(worker, 'SIGKILL')));
        await world.last(60_000);
      } finally {
        for (const worker of world.workers) worker.resumeRestarts();
      }
      const sent = load.sent.size - before;
      await allUp(world.workers);
      if (sent === 0) throw new NoEffect('no job was sent while no worker was there');
      return `${sent} jobs were sent while no worker was there`;
    },
  },
  {
    name: 'worker-frozen',
    about: 'a worker SIGSTOPped for 30 s, longer than its heartbeat timeout, then let go',
    needs: work,
    repeatsLlmCalls: 2,
    async strike({ world, random }) {
      const worker = random.pick(world.workers);
      await allUp(world.workers);
      let missed = 0;
      worker.freeze();
      try {
        await sign('an attempt of the frozen worker has timed out', async () => {
          missed = await attemptsTimedOut(world);
          return missed > 0;
        });
        await world.last(30_000);
      } finally {
        worker.thaw();
      }
      return `${missed} of its attempts timed out, and were made elsewhere`;
    },
  },
];

type Stallable = Scene['world']['proxies']['llm'];

/** Bytes to that server stop flowing, so that the stage in question is where the jobs are; once they wait there, the workers die. */
async function killWhileWaiting(
  { world, random }: Scene,
  proxies: Stallable[],
  waits: () => boolean = () => proxies.some(({ waiting }) => waiting().bytes + waiting().connections > 0),
  stall: () => void = () => proxies.forEach((one) => one.stall()),
): Promise<string> {
  await allUp(world.workers);
  // A request that is under way when its sender dies may arrive all the same.
  const arrives = random.chance(0.5);
  try {
    stall();
    await sign('the stage waits', waits);
    await world.last(random.integer(500, 3_000));
    await Promise.all(world.workers.map((worker) => killWithin(worker, 'SIGKILL')));
    if (!arrives) proxies.forEach((one) => one.cut());
  } finally {
    proxies.forEach((one) => one.restore());
  }
  await allUp(world.workers);
  return `killed with requests under way, which ${arrives ? 'arrived' : 'did not arrive'}`;
}

/** Activities under way whose last attempt ended because nothing was heard of it. */
async function attemptsTimedOut({ client }: World): Promise<number> {
  let found = 0;
  for await (const { workflowId } of client.workflow.list({
    query: `ExecutionStatus = 'Running' AND TaskQueue = 'headway'`,
    pageSize: 30,
  })) {
    const { raw } = await client.workflow.getHandle(workflowId).describe();
    const late = (raw.pendingActivities ?? []).filter(
      ({ lastFailure }) => lastFailure?.timeoutFailureInfo != null,
    );
    found += late.length;
    if (found > 0) break;
  }
  return found;
}
