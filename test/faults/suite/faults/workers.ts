import type { Fault, Scene } from './fault';

/** Fault 2 of the matrix: workers that die in the middle of a stage. */
export const workerFaults: Fault[] = [
  {
    name: 'worker-killed',
    about: 'a worker SIGKILLed three times, at random moments',
    repeatsLlmCalls: 3,
    async strike({ world, random }) {
      for (let time = 0; time < 3; time++) {
        await random.pick(world.workers).kill('SIGKILL');
        await world.last(random.integer(1_000, 8_000));
      }
    },
  },
  {
    name: 'worker-killed-in-enrich',
    about: 'every worker SIGKILLed while its queries wait for PostgreSQL',
    repeatsLlmCalls: 1,
    strike: (scene) => killWhile(scene, () => scene.world.proxies.postgres),
  },
  {
    name: 'worker-killed-in-llm-call',
    about: 'every worker SIGKILLed while its requests wait for the LLM provider',
    repeatsLlmCalls: 1,
    strike: (scene) => killWhile(scene, () => scene.world.proxies.llm),
  },
  {
    name: 'worker-killed-in-publish',
    about: 'every worker SIGKILLed while its results wait for Kafka',
    repeatsLlmCalls: 1,
    strike: (scene) => killWhile(scene, () => scene.world.proxies.kafka),
  },
  {
    name: 'worker-killed-in-completion',
    about: 'every worker SIGKILLed while what it has done waits for Temporal',
    repeatsLlmCalls: 1,
    strike: (scene) => killWhile(scene, () => scene.world.proxies.temporalOfWorkers),
  },
  {
    name: 'worker-terminated',
    about: 'each worker SIGTERMed in turn while LLM calls run, as in a deployment',
    repeatsLlmCalls: 2,
    async strike({ world }) {
      for (const worker of world.workers) {
        await worker.kill('SIGTERM');
        await worker.isUp();
        await world.last(3_000);
      }
    },
  },
  {
    name: 'workers-away',
    about: 'no worker for a minute',
    repeatsLlmCalls: 1,
    async strike({ world }) {
      for (const worker of world.workers) worker.pauseRestarts();
      await Promise.all(world.workers.map((worker) => worker.kill('SIGKILL')));
      await world.last(60_000);
      for (const worker of world.workers) worker.resumeRestarts();
      await Promise.all(world.workers.map((worker) => worker.isUp()));
    },
  },
  {
    name: 'worker-frozen',
    about: 'a worker SIGSTOPped for 30 s, longer than its heartbeat timeout, then let go',
    repeatsLlmCalls: 2,
    async strike({ world, random }) {
      const worker = random.pick(world.workers);
      worker.freeze();
      await world.last(30_000);
      worker.thaw();
    },
  },
];

type Stallable = { stall(): void; restore(): void };

/** Bytes to that server stop flowing, so that the stage in question is where the jobs are; then the workers die. */
async function killWhile({ world, random }: Scene, proxy: () => Stallable | Stallable[]): Promise<void> {
  const proxies = [proxy()].flat();
  proxies.forEach((one) => one.stall());
  await world.last(random.integer(1_500, 3_000));
  await Promise.all(world.workers.map((worker) => worker.kill('SIGKILL')));
  proxies.forEach((one) => one.restore());
  await Promise.all(world.workers.map((worker) => worker.isUp()));
}
