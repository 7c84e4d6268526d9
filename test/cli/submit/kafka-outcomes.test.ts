import type { JobEnd } from '../../../cli/submit/door';
import { readOutcomes } from '../../../cli/submit/kafka-outcomes';
import { FakeConsumer } from '../../runtime/kafka/fake-consumer';
import { resultOf } from '../fake-jobs';

const topics = { queue: 'q', results: 'r', deadLetters: 'd' };
const { signal } = new AbortController();

/** Job a is being sent. */
async function reading() {
  const consumer = new FakeConsumer();
  const outcomes = await readOutcomes({ kafka: consumer.kafka, topics, signal });
  outcomes.expect('a');
  return {
    outcomes,
    publish: (result: object) => consumer.brings('r', 'a', JSON.stringify(result)),
    async end(): Promise<JobEnd> {
      for await (const end of outcomes.ends()) return end;
      throw new Error('no end');
    },
  };
}

/** The result of the record at this offset, by a broker's clock that is far behind. */
const resultAt = (offset: number, more: object = {}) => ({
  ...resultOf('a', 'failed'),
  source: { door: 'kafka', topic: 'q', partition: 0, offset: String(offset), timestamp: 0 },
  ...more,
});

test('a result of a version to come ends the job, and is handed on as it was published', async () => {
  const { outcomes, publish, end } = await reading();
  outcomes.sent('a', 0, 5n);
  const error = { type: 'HW_FROM_THE_FUTURE', stage: 'check', message: 'new', attempts: 2, hint: 'x' };
  const result = resultAt(5, { status: 'refunded', error, shape: 2 });
  await publish(result);
  const message = 'HW_FROM_THE_FUTURE at check (2 attempts): new';
  expect(await end()).toEqual({ id: 'a', status: 'refunded', result, message });
});

test('a job ends with the result of its record, whatever the clocks say', async () => {
  const { outcomes, publish, end } = await reading();
  outcomes.sent('a', 0, 5n);
  const now = Date.now();
  await publish(resultAt(4, { source: { ...resultAt(4).source, timestamp: now } }));
  await publish(resultAt(5, { source: { door: 'http', timestamp: now } }));
  expect(outcomes.isExpected('a')).toBe(true);
  await publish(resultAt(5));
  expect(await end()).toMatchObject({ id: 'a', result: resultAt(5) });
});

test('a result that is there before Kafka has said where the job lies waits for that', async () => {
  const { outcomes, publish, end } = await reading();
  await publish(resultAt(4));
  await publish(resultAt(5));
  expect(outcomes.isExpected('a')).toBe(true);
  outcomes.sent('a', 0, 5n);
  expect(await end()).toMatchObject({ id: 'a', result: resultAt(5) });
});

test('what keeps it from joining its group is thrown, and not what kafkajs says of the next call', async () => {
  const consumer = new FakeConsumer();
  const refused = new Error('GROUP_AUTHORIZATION_FAILED');
  consumer.run = () => Promise.resolve(consumer.crashes(refused));
  consumer.seek = () => {
    throw new Error('Consumer group was not initialized, consumer#run must be called first');
  };
  await expect(readOutcomes({ kafka: consumer.kafka, topics, signal })).rejects.toBe(refused);
  expect(consumer.disconnected).toBe(true);
});

test('an interruption ends it at once while Kafka does not let it join its group', async () => {
  const consumer = new FakeConsumer();
  const controller = new AbortController();
  consumer.run = () => {
    setImmediate(() => controller.abort(new Error('Ctrl-C')));
    return new Promise(() => undefined);
  };
  const opening = readOutcomes({ kafka: consumer.kafka, topics, signal: controller.signal });
  await expect(opening).rejects.toThrow('Ctrl-C');
});
