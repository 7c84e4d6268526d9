import { readRanges, type ReadRangesOptions } from '../../../runtime/kafka/read-ranges';
import { FakeConsumer } from './fake-consumer';

let consumer: FakeConsumer;
beforeEach(() => (consumer = new FakeConsumer()));
afterEach(() => jest.useRealTimers());

const never = () => new Promise<never>(() => undefined);
const minutes = (count: number) => jest.advanceTimersByTimeAsync(count * 60_000);

/** Reads the first two records. */
function read(more: Partial<ReadRangesOptions> = {}): Promise<void> {
  const ranges = [{ partition: 0, from: 0, to: 2 }];
  const reading = readRanges({
    kafka: consumer.kafka,
    topic: 'q',
    ranges,
    onRecord: () => undefined,
    ...more,
  });
  // A test looks at it when time has passed.
  reading.catch(() => undefined);
  return reading;
}

test('what keeps it from joining its group is thrown, and not what kafkajs says of the next call', async () => {
  const refused = new Error('GROUP_AUTHORIZATION_FAILED');
  consumer.run = () => Promise.resolve(consumer.crashes(refused));
  consumer.seek = () => {
    throw new Error('Consumer group was not initialized, consumer#run must be called first');
  };
  await expect(read()).rejects.toBe(refused);
  expect(consumer.disconnected).toBe(true);
});

describe.each(['connect', 'subscribe', 'run'] as const)('while Kafka does not answer to %s', (step) => {
  test('an interruption ends it at once', async () => {
    const { signal, abort } = interruption();
    consumer[step] = never;
    const reading = read({ signal });
    setImmediate(abort);
    await expect(reading).rejects.toThrow('Ctrl-C');
  });

  test('it ends by itself after a minute', async () => {
    jest.useFakeTimers();
    consumer[step] = never;
    const reading = read();
    await minutes(1);
    await expect(reading).rejects.toMatchObject({ name: 'KafkaJSConnectionError' });
  });
});

test('a goodbye that Kafka does not answer holds it for seconds only', async () => {
  jest.useFakeTimers();
  const { signal, abort } = interruption();
  consumer.disconnect = never;
  const reading = read({ signal });
  await minutes(0);
  abort();
  await jest.advanceTimersByTimeAsync(4_000);
  await expect(reading).rejects.toThrow('Ctrl-C');
});

test('it ends when no record has come for a minute', async () => {
  jest.useFakeTimers();
  let ended = false;
  const reading = read();
  reading.catch(() => (ended = true));
  await minutes(0.9);
  await consumer.bringsBatch(0);
  await minutes(0.9);
  expect(ended).toBe(false);
  await minutes(0.1);
  await expect(reading).rejects.toThrow('No record of topic q arrived for 60 s, though some are missing.');
});

test('it does not end while whom it reads for needs longer than a minute', async () => {
  jest.useFakeTimers();
  const reading = read({ afterRecords: () => new Promise((resolve) => setTimeout(resolve, 61_000)) });
  await minutes(0);
  const batch = consumer.bringsBatch(0, 1);
  await minutes(1.1);
  await batch;
  await expect(reading).resolves.toBeUndefined();
});

function interruption() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort(new Error('Ctrl-C')) };
}
