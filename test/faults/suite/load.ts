import type { Kafka, Producer } from 'kafkajs';
import { setTimeout as delay } from 'node:timers/promises';
import { createRandom, type Random } from '../../../stack/llm-simulator/random';

export interface LoadOptions {
  kafka: Kafka;
  topic: string;
  seed: number;
  /** Records a second, bursts included. */
  rate: number;
  /** Every record is sent a second time. */
  twice: boolean;
}

export interface Load {
  start(): void;
  /** Resolves when nothing is being sent any more; `start` goes on. */
  pause(): Promise<void>;
  stop(): Promise<void>;
  /** Ids of jobs that Kafka has acknowledged. */
  sent: Set<string>;
  /** Those among all ids that the model refuses to answer: they fail, whatever else happens. */
  refused: Set<string>;
  /** Ids of jobs whose request failed: Kafka may have them or not. */
  unsure: Set<string>;
  /** When the request of each job began, of those in `sent` and in `unsure`; milliseconds since 1970. */
  producedAt: Map<string, number>;
  /** Records that are no job, acknowledged. */
  poison: number;
}

/** Besides plain ones: what a job asks of the LLM simulator, and how many of a thousand do. */
const directives: [share: number, directive: string][] = [
  [30, 'slow'],
  [20, 'refusal'],
  [20, 'malformed times=1'],
  [20, 'rate_limit retry_after=1000 times=1'],
  [10, 'server_error times=2'],
];
const POISON_SHARE = 0.02;
const TICK_MS = 250;
/** A burst makes packs of many; in between there are packs of few. */
const BURST = 40;
const companies = ['Vantorp Steel', 'Ölwerk Müßig', 'Aoki 青木', 'Café Núñez', 'O’Brien & Sons'];

/**
 * Produces jobs without pause, whatever Kafka goes through. A request that fails is never repeated: Kafka may have taken it, and a
 * second record with the same id would be a second job.
 */
export function createLoad({ kafka, topic, seed, rate, twice }: LoadOptions): Load {
  const random = createRandom('load', seed);
  const producer: Producer = kafka.producer({
    allowAutoTopicCreation: false,
    retry: { retries: 0 },
    maxInFlightRequests: 1,
  });
  let running = false;
  let loop: Promise<void> = Promise.resolve();
  let connected = false;
  let sequence = 0;
  const load: Load = {
    sent: new Set(),
    refused: new Set(),
    unsure: new Set(),
    producedAt: new Map(),
    poison: 0,
    start() {
      if (running) return;
      running = true;
      loop = produce();
    },
    async pause() {
      running = false;
      await loop;
    },
    async stop() {
      await load.pause();
      await producer.disconnect().catch(() => undefined);
    },
  };
  return load;

  async function produce(): Promise<void> {
    const perTick = (rate * TICK_MS) / 1_000;
    const burstShare = perTick / 2 / BURST;
    const each = perTick / 2;
    let owed = 0;
    while (running) {
      owed += each;
      const count = Math.floor(owed) + (random.chance(burstShare) ? BURST : 0);
      owed -= Math.floor(owed);
      if (count > 0) await send(count);
      await delay(TICK_MS);
    }
  }

  async function send(count: number): Promise<void> {
    const records = Array.from({ length: count }, () => makeRecord(random, `job-${seed}-${sequence++}`));
    const ids = records.flatMap(({ id }) => id ?? []);
    records.filter(({ refused }) => refused).forEach(({ key }) => load.refused.add(key));
    const messages = records.map(({ key, value }) => ({ key, value }));
    const now = Date.now();
    ids.forEach((id) => load.producedAt.set(id, now));
    for (const copy of twice ? [1, 2] : [1]) {
      try {
        if (!connected) await producer.connect();
        connected = true;
        await producer.send({ topic, acks: -1, timeout: 5_000, messages });
        ids.forEach((id) => load.sent.add(id));
        load.poison += records.length - ids.length;
      } catch {
        if (copy === 1) ids.forEach((id) => load.unsure.add(id));
        connected = false;
        await producer.disconnect().catch(() => undefined);
      }
    }
    ids.filter((id) => load.sent.has(id)).forEach((id) => load.unsure.delete(id));
  }
}

interface MadeRecord {
  /** Absent where it is no job. */
  id?: string;
  key: string;
  value: string;
  refused?: boolean;
}

function makeRecord(random: Random, id: string): MadeRecord {
  if (random.chance(POISON_SHARE)) {
    const value = random.pick(['not JSON', '{"pipeline":"nobody-has-it","input":{}}', '{"pipeline":42}']);
    return { key: id, value };
  }
  let roll = random.integer(0, 999);
  const directive = directives.find(([share]) => (roll -= share) < 0)?.[1];
  const question = `What is new in ${random.integer(1990, 2026)}?${directive ? ` [[simulate: ${directive}]]` : ''}`;
  const input = { company: random.pick(companies), domain: 'vantorp.example', question };
  const tenant = random.pick(['north', 'south', undefined]);
  const value = JSON.stringify({ id, pipeline: 'company-brief', tenant, input });
  return { id, key: id, value, refused: directive === 'refusal' };
}
