import { KafkaJSProtocolError, type ConsumerConfig, type Kafka } from 'kafkajs';
import { eventually } from '../../../support/eventually';
import { deferred, settled } from '../support';
import { FakeConsumer, useQueueConsumer } from './under-test';

const under = useQueueConsumer();
const { made, configs, warnings, open } = under;

test('a partition of which nothing is committed yet is read from its oldest record', () => {
  expect(made[0]?.subscribed).toEqual({ topic: 'queue', fromBeginning: true });
});

test('a commit that the client repeated under a newer assignment makes it read again from where the group is', async () => {
  const [first] = made;
  const answer = deferred();
  first!.commitOffsets = () => answer.promise.then(() => first!.takesCommit());
  const committing = under.consumer.commit(new Map([[0, 205n]]));
  first!.joins(0);
  answer.resolve();
  await committing;
  await eventually('there is a new consumer', () => made.length === 2);
  expect(first!.disconnected).toBe(true);
});

test('a commit within its assignment changes nothing', async () => {
  await under.consumer.commit(new Map([[0, 205n]]));
  made[0]?.joins(0);
  await under.consumer.commit(new Map([[0, 206n]]));
  // One that is given up is disconnected at once, and followed by another only after a wait.
  await settled();
  expect(made[0]?.disconnected).toBe(false);
  expect(under.consumer.isMember()).toBe(true);
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
  expect(under.consumer.isMember()).toBe(false);
  await eventually('there is a new consumer', () => made[1]?.running ?? false);
  made[1]!.joins(0);
  expect(under.consumer.isMember()).toBe(true);
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
    under.consumer.pause();
    under.consumer.resume();
    under.consumer.pause();
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
    expect(under.consumer.isMember()).toBe(false);
    closed.resolve();
  });
});

test('a commit that the client never ends fails, and the group is joined again by another', async () => {
  const [first] = made;
  first!.commitOffsets = () => new Promise(() => undefined);
  await expect(under.consumer.commit(new Map([[0, 7n]]))).rejects.toThrow(
    'did not answer a commit within 300 ms',
  );
  await eventually('there is a new consumer', () => made[1]?.running ?? false);
  made[1]!.joins(0);
  await under.consumer.commit(new Map([[0, 7n]]));
});

describe('a commit that ends after its consumer has', () => {
  it('leaves the next consumer alone', async () => {
    const [first] = made;
    const answer = deferred();
    first!.commitOffsets = () => answer.promise;
    const committing = under.consumer.commit(new Map([[0, 205n]]));
    committing.catch(() => undefined);
    first!.crashes();
    await eventually('there is a new consumer', () => made[1]?.running ?? false);
    made[1]!.joins(0);
    answer.resolve();
    await committing.catch(() => undefined);
    await settled();
    expect(made[1]!.disconnected).toBe(false);
    expect(under.consumer.isMember()).toBe(true);
  });

  it('is not taken for one that happened', async () => {
    // What kafkajs does where the consumer runs no longer.
    made[0]!.commitOffsets = () => Promise.resolve();
    await expect(under.consumer.commit(new Map([[0, 205n]]))).rejects.toThrow(
      'before the group took the commit',
    );
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
