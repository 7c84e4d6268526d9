import { type ConsumerConfig, type ConsumerRunConfig, type EachBatchPayload, type Kafka } from 'kafkajs';
import pino from 'pino';
import {
  createQueueConsumer,
  type QueueConsumer,
  type QueueConsumerOptions,
} from '../../../../bridge/kafka/queue-consumer';
import type { QueueBatch } from '../../../../bridge/kafka/queue-record';
import { eventually } from '../../../support/eventually';

/** What the bridge needs of a kafkajs consumer; a test says what happens to it. */
export class FakeConsumer {
  private readonly listeners = new Map<string, ((event: { payload: unknown }) => void)[]>();
  running = false;
  disconnected = false;
  /** As kafkajs: before `run`, and from a crash on, there is none, and whoever pauses is told so by an exception. */
  hasGroup = false;
  config: ConsumerRunConfig | undefined;
  readonly resolved: string[] = [];
  pausedAll = false;
  readonly pausedPartitions = new Set<number>();
  heartbeat: () => Promise<void> = () => Promise.resolve();
  commitOffsets: (offsets: unknown) => Promise<void> = () => Promise.resolve(this.takesCommit());
  on = (name: string, listener: (event: { payload: unknown }) => void) =>
    void this.listeners.set(name, [...(this.listeners.get(name) ?? []), listener]);
  private tell = (name: string, payload: unknown) =>
    this.listeners.get(name)?.forEach((listener) => listener({ payload }));
  connect: () => Promise<void> = () => Promise.resolve();
  subscribed: unknown;
  subscribe = (to: unknown) => Promise.resolve(void (this.subscribed = to));
  run = (config: ConsumerRunConfig): Promise<void> => {
    this.config = config;
    this.running = this.hasGroup = true;
    return Promise.resolve();
  };
  disconnect: () => Promise<void> = () => Promise.resolve(void (this.disconnected = true));
  pause = (topics: { partitions?: number[] }[]) => this.setPaused(true, topics[0]?.partitions);
  resume = (topics: { partitions?: number[] }[]) => this.setPaused(false, topics[0]?.partitions);
  isPaused = (partition: number) => this.pausedAll || this.pausedPartitions.has(partition);
  joins = (...partitions: number[]) =>
    this.tell('consumer.group_join', { memberAssignment: { queue: partitions } });
  /** One record, at this offset. */
  brings = (partition: number, offset = 0): Promise<void> => {
    const payload = {
      batch: {
        topic: 'queue',
        partition,
        messages: [{ offset: String(offset), timestamp: '0', key: null, value: null }],
        firstOffset: () => String(offset),
        offsetLag: () => '7',
      },
      resolveOffset: (resolved: string) => this.resolved.push(`${partition}:${resolved}`),
      heartbeat: () => this.heartbeat(),
      isRunning: () => true,
      isStale: () => false,
    };
    return this.config?.eachBatch?.(payload as unknown as EachBatchPayload) ?? Promise.resolve();
  };
  takesCommit = () => this.tell('consumer.commit_offsets', {});
  timesOut = () => this.tell('consumer.network.request_timeout', { apiName: 'Fetch' });
  crashes = (error = new Error('crashed')) => this.tell('consumer.crash', { error });

  /** One partition that is paused ends the pause of all, and all are all, one by one too: as kafkajs' `SubscriptionState`. */
  private setPaused(paused: boolean, partitions?: number[]): void {
    if (!this.hasGroup)
      throw new Error('Consumer group was not initialized, consumer#run must be called first');
    if (!partitions) this.pausedPartitions.clear();
    if (!partitions || paused) this.pausedAll = paused && !partitions;
    for (const one of partitions ?? []) {
      if (paused) this.pausedPartitions.add(one);
      else this.pausedPartitions.delete(one);
    }
  }
}

export interface UnderTest {
  /** Every consumer of kafkajs that was made, in order. */
  readonly made: FakeConsumer[];
  readonly configs: ConsumerConfig[];
  /** What was logged. */
  readonly warnings: unknown[];
  /** How many partitions were set aside, as it was last told. */
  setAside: number | undefined;
  /** What is different about the next one that is made. */
  prepare: (next: FakeConsumer) => void;
  onBatch: (batch: QueueBatch) => Promise<bigint>;
  consumer: QueueConsumer;
  open(kafka: Kafka, sessionTimeoutMs: number, more?: Partial<QueueConsumerOptions>): QueueConsumer;
}

/** Before each test a consumer that runs and has partition 0; it is stopped afterwards. */
export function useQueueConsumer(): UnderTest {
  const under: UnderTest = {
    made: [],
    configs: [],
    warnings: [],
    setAside: undefined,
    prepare: () => undefined,
    onBatch: readAll,
    consumer: undefined as never,
    open: (kafka, sessionTimeoutMs, more = {}) =>
      createQueueConsumer({
        ...more,
        kafka,
        groupId: 'group',
        sessionTimeoutMs,
        topic: 'queue',
        concurrency: 1,
        onBatch: (batch) => under.onBatch(batch),
        onAssigned: () => undefined,
        onSetAside: (count) => (under.setAside = count),
        handOverTimeoutMs: 200,
        leaveTimeoutMs: 200,
        commitTimeoutMs: 300,
        logger: pino({ level: 'warn' }, { write: (line: string) => under.warnings.push(JSON.parse(line)) }),
      }),
  };

  beforeEach(async () => {
    const { made, configs, warnings } = under;
    made.length = configs.length = warnings.length = 0;
    under.prepare = () => undefined;
    under.onBatch = readAll;
    const kafka = {
      consumer(config: ConsumerConfig) {
        configs.push(config);
        const next = new FakeConsumer();
        under.prepare(next);
        made.push(next);
        return next;
      },
    } as unknown as Kafka;
    under.consumer = under.open(kafka, 6_000);
    void under.consumer.run();
    await eventually('it runs', () => made[0]?.running ?? false);
    made[0]?.joins(0);
  });

  afterEach(() => under.consumer.stop());

  return under;
}

function readAll({ records }: QueueBatch): Promise<bigint> {
  return Promise.resolve((records.at(-1)?.offset ?? -1n) + 1n);
}
