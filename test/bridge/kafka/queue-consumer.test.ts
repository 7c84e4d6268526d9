import type { Kafka } from 'kafkajs';
import pino from 'pino';
import { createQueueConsumer, type QueueConsumer } from '../../../bridge/kafka/queue-consumer';
import { eventually } from '../../support/eventually';

/** What the bridge needs of a kafkajs consumer; a test says what happens to it. */
class FakeConsumer {
  readonly listeners = new Map<string, (event: { payload: unknown }) => void>();
  running = false;
  disconnected = false;
  commitOffsets: (offsets: unknown) => Promise<void> = () => Promise.resolve();
  on = (name: string, listener: (event: { payload: unknown }) => void) =>
    void this.listeners.set(name, listener);
  connect = () => Promise.resolve();
  subscribe = () => Promise.resolve();
  run = () => Promise.resolve(void (this.running = true));
  disconnect = () => Promise.resolve(void (this.disconnected = true));
  joins = () =>
    this.listeners.get('consumer.group_join')?.({ payload: { memberAssignment: { queue: [0] } } });
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
