import {
  KafkaJSProtocolError,
  type ConsumerConfig,
  type ConsumerRunConfig,
  type EachBatchPayload,
  type Kafka,
} from 'kafkajs';
import pino from 'pino';
import {
  createQueueConsumer,
  type QueueConsumer,
  type QueueConsumerOptions,
} from '../../../bridge/kafka/queue-consumer';
import type { QueueBatch } from '../../../bridge/kafka/queue-record';
import { eventually } from '../../support/eventually';
import { deferred, settled } from './support';

/** What the bridge needs of a kafkajs consumer; a test says what happens to it. */
class FakeConsumer {
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

const made: FakeConsumer[] = [];
const configs: ConsumerConfig[] = [];
const warnings: unknown[] = [];
let setAside: number | undefined;
/** What is different about the next one that is made. */
let prepare: (next: FakeConsumer) => void;
let consumer: QueueConsumer;
let onBatch: (batch: QueueBatch) => Promise<bigint>;

beforeEach(async () => {
  made.length = 0;
  warnings.length = 0;
  prepare = () => undefined;
  onBatch = ({ records }) => Promise.resolve((records.at(-1)?.offset ?? -1n) + 1n);
  configs.length = 0;
  const kafka = {
    consumer(config: ConsumerConfig) {
      configs.push(config);
      const next = new FakeConsumer();
      prepare(next);
      made.push(next);
      return next;
    },
  } as unknown as Kafka;
  consumer = open(kafka, 6_000);
  void consumer.run();
  await eventually('it runs', () => made[0]?.running ?? false);
  made[0]?.joins(0);
});

afterEach(() => consumer.stop());

const open = (kafka: Kafka, sessionTimeoutMs: number, more: Partial<QueueConsumerOptions> = {}) =>
  createQueueConsumer({
    ...more,
    kafka,
    groupId: 'group',
    sessionTimeoutMs,
    topic: 'queue',
    concurrency: 1,
    onBatch: (batch) => onBatch(batch),
    onAssigned: () => undefined,
    onSetAside: (count) => (setAside = count),
    handOverTimeoutMs: 200,
    leaveTimeoutMs: 200,
    commitTimeoutMs: 300,
    logger: pino({ level: 'warn' }, { write: (line: string) => warnings.push(JSON.parse(line)) }),
  });

test('a partition of which nothing is committed yet is read from its oldest record', () => {
  expect(made[0]?.subscribed).toEqual({ topic: 'queue', fromBeginning: true });
});

test('a commit that the client repeated under a newer assignment makes it read again from where the group is', async () => {
  const [first] = made;
  const answer = deferred();
  first!.commitOffsets = () => answer.promise.then(() => first!.takesCommit());
  const committing = consumer.commit(new Map([[0, 205n]]));
  first!.joins(0);
  answer.resolve();
  await committing;
  await eventually('there is a new consumer', () => made.length === 2);
  expect(first!.disconnected).toBe(true);
});

test('a commit within its assignment changes nothing', async () => {
  await consumer.commit(new Map([[0, 205n]]));
  made[0]?.joins(0);
  await consumer.commit(new Map([[0, 206n]]));
  // One that is given up is disconnected at once, and followed by another only after a wait.
  await settled();
  expect(made[0]?.disconnected).toBe(false);
  expect(consumer.isMember()).toBe(true);
});

test('a request that Kafka does not answer makes it join again on new connections, and says so', async () => {
  const [first] = made;
  first!.timesOut();
  await eventually('there is a new consumer', () => made[1]?.running ?? false);
  expect(first!.disconnected).toBe(true);
  expect(warnings).toEqual([expect.objectContaining({ reason: 'Kafka did not answer a request (Fetch)' })]);
});

test('a consumer that stands still without a word is followed by another', async () => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'setTimeout'] });
  // Before the clock of the test: the one that runs already.
  made[0]?.crashes();
  await eventually('there is a new consumer', () => made[1]?.running ?? false);
  made[1]!.joins(0);
  jest.advanceTimersByTime(51_000);
  jest.useRealTimers();
  await eventually('there is another one', () => made[2]?.running ?? false);
  expect(warnings).toContainEqual(expect.objectContaining({ reason: 'no answer from Kafka to a heartbeat' }));
});

test('a goodbye that nobody answers does not keep it from joining again, and what comes late does not count', async () => {
  const [first] = made;
  first!.disconnect = () => new Promise(() => undefined);
  first!.timesOut();
  await settled();
  first!.joins(0);
  expect(consumer.isMember()).toBe(false);
  await eventually('there is a new consumer', () => made[1]?.running ?? false);
  made[1]!.joins(0);
  expect(consumer.isMember()).toBe(true);
});

test('a request that is not answered while it joins is left to the client', async () => {
  made[0]?.crashes();
  await eventually('there is a new consumer', () => made[1]?.running ?? false);
  made[1]!.timesOut();
  await settled();
  expect(made[1]!.disconnected).toBe(false);
});

describe('a pause that falls into a crash of the client', () => {
  it('does not throw while the crash is not known yet, and holds for the consumer that comes after', async () => {
    const [first] = made;
    first!.hasGroup = false;
    consumer.pause();
    consumer.resume();
    consumer.pause();
    first!.crashes();
    await eventually('there is a new consumer', () => made[1]?.running ?? false);
    made[1]!.joins(0);
    expect(made[1]!.pausedAll).toBe(true);
  });

  it('leaves the bridge no member while the connections are being closed', async () => {
    const [first] = made;
    const closed = deferred();
    first!.disconnect = () => closed.promise;
    first!.crashes();
    await settled();
    expect(consumer.isMember()).toBe(false);
    closed.resolve();
  });
});

test('a commit that the client never ends fails, and the group is joined again by another', async () => {
  const [first] = made;
  first!.commitOffsets = () => new Promise(() => undefined);
  await expect(consumer.commit(new Map([[0, 7n]]))).rejects.toThrow('did not answer a commit within 300 ms');
  await eventually('there is a new consumer', () => made[1]?.running ?? false);
  made[1]!.joins(0);
  await consumer.commit(new Map([[0, 7n]]));
});

describe('a commit that ends after its consumer has', () => {
  it('leaves the next consumer alone', async () => {
    const [first] = made;
    const answer = deferred();
    first!.commitOffsets = () => answer.promise;
    const committing = consumer.commit(new Map([[0, 205n]]));
    committing.catch(() => undefined);
    first!.crashes();
    await eventually('there is a new consumer', () => made[1]?.running ?? false);
    made[1]!.joins(0);
    answer.resolve();
    await committing.catch(() => undefined);
    await settled();
    expect(made[1]!.disconnected).toBe(false);
    expect(consumer.isMember()).toBe(true);
  });

  it('is not taken for one that happened', async () => {
    // What kafkajs does where the consumer runs no longer.
    made[0]!.commitOffsets = () => Promise.resolve();
    await expect(consumer.commit(new Map([[0, 205n]]))).rejects.toThrow('before the group took the commit');
  });
});

describe('a bridge that stops while its consumer begins again', () => {
  it('does not join any more when it has only connected', async () => {
    const connected = deferred();
    prepare = (next) => (next.connect = () => connected.promise);
    made[0]!.crashes();
    await eventually('there is a new consumer', () => made.length === 2);
    const stopping = consumer.stop();
    connected.resolve();
    await stopping;
    expect(made[1]).toMatchObject({ running: false, disconnected: true });
  });

  it('leaves the group when it has joined, since kafkajs cannot give that up', async () => {
    const joined = deferred();
    prepare = (next) => (next.run = () => joined.promise);
    made[0]!.crashes();
    await eventually('there is a new consumer', () => made.length === 2);
    await settled();
    const stopping = consumer.stop();
    await settled();
    expect(made[1]!.disconnected).toBe(false);
    joined.resolve();
    await stopping;
    expect(made[1]!.disconnected).toBe(true);
  });
});

describe('a batch', () => {
  it('of a partition that was lost while it waited in the client is not begun', async () => {
    const [first] = made;
    const begun: number[] = [];
    onBatch = ({ partition }) => {
      begun.push(partition);
      return Promise.resolve(1n);
    };
    first!.joins(0, 1);
    await first!.brings(1);
    first!.joins(0);
    await first!.brings(1);
    await first!.brings(0);
    expect(begun).toEqual([1, 0]);
    expect(first!.resolved).toEqual(['1:0', '0:0']);
  });

  describe('once it has begun', () => {
    let inHand: QueueBatch | undefined;
    let handing: ReturnType<typeof deferred<bigint>>;
    const asked = () => [inHand?.owned(), inHand?.held()];

    beforeEach(() => {
      handing = deferred<bigint>();
      onBatch = (batch) => {
        inHand = batch;
        return handing.promise;
      };
    });

    it('is nobody\u2019s any more with another assignment, and moves no position then', async () => {
      const [first] = made;
      const brought = first!.brings(0);
      const before = asked();
      first!.joins(0);
      const after = asked();
      handing.resolve(1n);
      await brought;
      expect([before, after, first!.resolved]).toEqual([[true, true], [false, false], []]);
    });

    it('is still this bridge\u2019s when that stops, so what is under way is committed, and nothing more begun', async () => {
      const brought = made[0]!.brings(0);
      const stopped = consumer.stop();
      expect(asked()).toEqual([true, false]);
      handing.resolve(1n);
      await Promise.all([brought, stopped]);
    });

    it('wants nothing more when it has ended', async () => {
      const brought = made[0]!.brings(0);
      handing.resolve(1n);
      await brought;
      expect(asked()).toEqual([true, false]);
    });
  });
});

describe('a bridge that stops while a batch is in hand', () => {
  it('fetches nothing more, and leaves the group although the batch does not end', async () => {
    onBatch = () => new Promise(() => undefined);
    void made[0]!.brings(0);
    const flushed = jest.fn(() => Promise.resolve());
    const stopped = consumer.stop(flushed);
    expect([made[0]!.pausedAll, flushed.mock.calls.length]).toEqual([true, 0]);
    await stopped;
    expect([made[0]!.disconnected, flushed.mock.calls.length]).toEqual([true, 1]);
  });
});

test('a session is as long as is asked for, with several heartbeats in it, and not more than some seconds between two', () => {
  const { sessionTimeout, heartbeatInterval } = configs[0]!;
  expect([sessionTimeout, heartbeatInterval]).toEqual([6_000, 1_500]);
  const kafka = {
    consumer(config: ConsumerConfig) {
      configs.push(config);
      throw new Error('not needed');
    },
  } as unknown as Kafka;
  const patient = open(kafka, 60_000);
  void patient.run();
  expect(configs.at(-1)).toMatchObject({ sessionTimeout: 60_000, heartbeatInterval: 3_000 });
  return patient.stop();
});

test('a session that the brokers do not take names the variable', async () => {
  const refused = Object.assign(new Error('not within the range'), { type: 'INVALID_SESSION_TIMEOUT' });
  made[0]!.crashes(new KafkaJSProtocolError(refused));
  await eventually('there is a new consumer', () => made[1]?.running ?? false);
  expect(warnings).toEqual([
    expect.objectContaining({ reason: expect.stringContaining('KAFKA_SESSION_TIMEOUT_MS') as string }),
  ]);
});

describe('a batch that rests', () => {
  let resting: boolean;
  let behind: number;

  beforeEach(() => {
    resting = false;
    onBatch = async (batch) => {
      behind = batch.behind;
      resting = true;
      await batch.rest(3_600_000);
      resting = false;
      return 1n;
    };
  });

  it('ends with the bridge, and its record counts as read', async () => {
    const brought = made[0]!.brings(0);
    expect([resting, behind]).toEqual([true, 7]);
    await consumer.stop();
    await brought;
    expect([resting, made[0]!.resolved]).toEqual([false, ['0:0']]);
  });

  it('ends when the consumer is given up, which waits for it', async () => {
    const brought = made[0]!.brings(0);
    made[0]!.timesOut();
    await brought;
    expect(resting).toBe(false);
  });

  it('ends with an assignment that comes meanwhile', async () => {
    const brought = made[0]!.brings(0);
    made[0]!.joins(0);
    await brought;
    expect(resting).toBe(false);
  });

  it('ends when the group rebalances, which waits for it', async () => {
    made[0]!.heartbeat = () => Promise.reject(new Error('The group is rebalancing'));
    const brought = made[0]!.brings(0);
    await expect(brought).rejects.toThrow('rebalancing');
    expect(resting).toBe(false);
  });
});

it('gives up a consumer that waits for ever to join, and begins with another one', async () => {
  const joining: FakeConsumer[] = [];
  const kafka = {
    consumer() {
      const next = new FakeConsumer();
      if (joining.push(next) === 1) next.run = () => new Promise(() => undefined);
      return next;
    },
  } as unknown as Kafka;
  const other = open(kafka, 6_000, { joinTimeoutMs: 20 });
  void other.run();
  await eventually('another one runs', () => joining[1]?.running ?? false);
  expect(joining[0]!.disconnected).toBe(true);
  expect(warnings).toEqual([expect.objectContaining({ reason: 'Kafka did not let it join within 20 ms' })]);
  joining[1]!.joins(0);
  expect(other.isMember()).toBe(true);
  await other.stop();
});

describe('a partition that is set aside', () => {
  let patience: number[];
  let inTrouble: boolean;

  beforeEach(() => {
    patience = [];
    inTrouble = true;
    onBatch = ({ partition, records, patienceMs, setAside }) => {
      const [first] = records;
      if (partition !== 1 || !inTrouble) return Promise.resolve((first?.offset ?? 0n) + 1n);
      patience.push(patienceMs());
      setAside('write dead letters');
      return Promise.resolve(first?.offset ?? 0n);
    };
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick'] });
    made[0]!.joins(0, 1);
  });

  afterEach(() => jest.useRealTimers());

  const paused = () => [0, 1].map((partition) => made[0]!.isPaused(partition));

  it('alone is read no further, and tried again after a while, each time for longer, up to a bound', async () => {
    for (const waitMs of [5_000, 10_000, 15_000, 15_000]) {
      await made[0]!.brings(1);
      expect(paused()).toEqual([false, true]);
      jest.advanceTimersByTime(waitMs - 1);
      expect(paused()).toEqual([false, true]);
      jest.advanceTimersByTime(1);
      expect(paused()).toEqual([false, false]);
    }
    // The others wait behind it only once.
    expect(patience).toEqual([5_000, 0, 0, 0]);
    expect(made[0]!.resolved).toEqual([]);
  });

  it('stays aside when backpressure ends, and backpressure stays when its wait ends', async () => {
    await made[0]!.brings(1);
    consumer.pause();
    expect(paused()).toEqual([true, true]);
    consumer.resume();
    expect(paused()).toEqual([false, true]);
    consumer.pause();
    jest.advanceTimersByTime(5_000);
    expect(paused()).toEqual([true, true]);
    consumer.resume();
    expect(paused()).toEqual([false, false]);
  });

  it('does not end the pause of backpressure when it comes later', async () => {
    const end = deferred();
    onBatch = async ({ records, setAside }) => {
      await end.promise;
      setAside('write dead letters');
      return records[0]?.offset ?? 0n;
    };
    const brought = made[0]!.brings(1);
    consumer.pause();
    end.resolve();
    await brought;
    expect(paused()).toEqual([true, true]);
  });

  it('is in trouble until records of it are durable', async () => {
    await made[0]!.brings(1);
    jest.advanceTimersByTime(5_000);
    await made[0]!.brings(0);
    expect([consumer.trouble(), setAside]).toEqual(['write dead letters (partition 1)', 1]);
    await made[0]!.brings(1);
    // Said once, however often it is tried.
    expect(warnings).toEqual([expect.objectContaining({ partition: 1 })]);
    jest.advanceTimersByTime(10_000);
    inTrouble = false;
    await made[0]!.brings(1);
    expect([consumer.trouble(), setAside]).toEqual([undefined, 0]);
  });

  it('is like any other after a new assignment', async () => {
    await made[0]!.brings(1);
    made[0]!.joins(0, 1);
    expect([paused(), consumer.trouble(), setAside]).toEqual([[false, false], undefined, 0]);
  });
});
