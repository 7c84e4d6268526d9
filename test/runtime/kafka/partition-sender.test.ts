import type { ProducerRecord } from 'kafkajs';
import { createPartitionSender } from '../../../runtime/kafka/partition-sender';

const records = Array.from({ length: 20 }, (_, index) => ({ key: `job-${index}`, value: '{}' }));
const topic = { name: 'jobs', partitions: 3 };

/** A producer of three partitions; what it does to one of them the test says. */
function senderTo(send: (partition: number) => Promise<void>) {
  const producer = {
    async send({ messages }: ProducerRecord) {
      const partition = messages[0]?.partition ?? -1;
      expect(new Set(messages.map((message) => message.partition)).size).toBe(1);
      await send(partition);
      return [{ topicName: 'jobs', partition, errorCode: 0, baseOffset: '7' }];
    },
    disconnect: () => Promise.resolve(),
  };
  return createPartitionSender(producer, topic);
}

test('one partition whose leader is away leaves nothing unknown about the records of the others', async () => {
  const sender = senderTo((partition) =>
    partition === 1 ? Promise.reject(new Error('away')) : Promise.resolve(),
  );
  const sent = await sender.send(records, new AbortController().signal);
  expect(sent).toHaveLength(20);
  const offsets = sent.flatMap((one) => (one.state === 'sent' && one.partition === 0 ? [one.offset] : []));
  expect(offsets).toEqual(offsets.map((_, index) => 7n + BigInt(index)));
  expect(new Set(sent.map(({ state }) => state))).toEqual(new Set(['sent', 'unsure']));
  expect(sent.filter((one) => one.state === 'sent').some(({ partition }) => partition === 1)).toBe(false);
});

test('an interruption ends a send that nobody answers within seconds, and keeps what was acknowledged', async () => {
  const controller = new AbortController();
  const sender = senderTo((partition) =>
    partition === 1 ? new Promise(() => undefined) : Promise.resolve(),
  );
  const sending = sender.send(records, controller.signal);
  controller.abort(new Error('Ctrl-C'));
  const states = (await sending).map(({ state }) => state);
  expect(new Set(states)).toEqual(new Set(['sent', 'unsure']));
}, 10_000);
