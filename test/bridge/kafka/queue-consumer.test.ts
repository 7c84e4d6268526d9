import type { Kafka } from 'kafkajs';
import pino from 'pino';
import { createQueueConsumer, type QueueConsumer } from '../../../bridge/kafka/queue-consumer';
import { eventually } from '../../support/eventually';
import { deferred, settled } from './support';

/** What the bridge needs of a kafkajs consumer; a test says what happens to it. */
class FakeConsumer {
  readonly listeners = new Map<string, (event: { payload: unknown }) => void>();
  running = false;
  disconnected = false;
  /** As kafkajs: before `run`, and from a crash on, there is none, and whoever pauses is told so by an exception. */
  hasGroup = false;
  paused = false;
  commitOffsets: (offsets: unknown) => Promise<void> = () => Promise.resolve();
  on = (name: string, listener: (event: { payload: unknown }) => void) =>
    void this.listeners.set(name, listener);
  connect = () => Promise.resolve();
  subscribe = () => Promise.resolve();
  run = () => Promise.resolve(void (this.running = this.hasGroup = true));
  disconnect: () => Promise<void> = () => Promise.resolve(void (this.disconnected = true));
  pause = () => this.setPaused(true);
  resume = () => this.setPaused(false);
  joins = () =>
    this.listeners.get('consumer.group_join')?.({ payload: { memberAssignment: { queue: [0] } } });
  crashes = () => this.listeners.get('consumer.crash')?.({ payload: { error: new Error('crashed') } });

  private setPaused(paused: boolean): void {
    if (!this.hasGroup)
      throw new Error('Consumer group was not initialized, consumer#run must be called first');
    this.paused = paused;
  }
}

const made: FakeConsumer[] = [];
let consumer: QueueConsumer;

beforeEach(async () => {
  made.length = 0;
  const kafka = {
    consumer: () => made[made.push(new FakeConsumer()) - 1],
  } as unknown as Kafka;
  consumer = createQueueConsumer({
    kafka,
    groupId: 'group',
    topic: 'queue',
    fromBeginning: true,
    concurrency: 1,
    onBatch: () => Promise.resolve(0n),
    onAssigned: () => undefined,
    logger: pino({ level: 'silent' }),
  });
  void consumer.run();
  await eventually('it runs', () => made[0]?.running ?? false);
  made[0]?.joins();
});

afterEach(() => consumer.stop());

test('a commit that the client repeated under a newer assignment makes it read again from where the group is', async () => {
  const [first] = made;
  let answer = () => {};
  first!.commitOffsets = () => new Promise((resolve) => (answer = resolve));
  const committing = consumer.commit(new Map([[0, 205n]]));
  first!.joins();
  answer();
  await committing;
  await eventually('there is a new consumer', () => made.length === 2);
  expect(first!.disconnected).toBe(true);
});

test('a commit within its assignment changes nothing', async () => {
  await consumer.commit(new Map([[0, 205n]]));
  made[0]?.joins();
  await consumer.commit(new Map([[0, 206n]]));
  expect(made).toHaveLength(1);
  expect(made[0]?.disconnected).toBe(false);
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
    made[1]!.joins();
    expect(made[1]!.paused).toBe(true);
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
