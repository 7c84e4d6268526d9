import { gzipSync } from 'node:zlib';
import { randomBytes } from 'node:crypto';
import {
  CompressionTypes,
  KafkaJSProtocolError,
  type IHeaders,
  type Kafka,
  type ProducerBatch,
  type ProducerConfig,
} from 'kafkajs';
import { createDeadLetters } from '../../../bridge/kafka/dead-letters';
import type { QueueRecord } from '../../../bridge/kafka/queue-record';
import { HeadwayError } from '../../../contracts/errors';
import { deadLetterHeaders } from '../../../contracts/headers';
import { acknowledge } from '../../support/acknowledge';
import { queueRecord } from './support';

interface Message {
  key: Buffer | null;
  value: Buffer | null;
  headers: IHeaders;
}

const poisonOf = (...records: QueueRecord[]) =>
  records.map((record) => ({ record, error: new HeadwayError('HW_JOB_INVALID', 'input: is wrong') }));

const bytesOf = ({ key, value, headers }: Message): Buffer => {
  const parts = Object.entries(headers).flatMap(([name, values]) => [name, ...[values ?? ''].flat()]);
  return Buffer.concat([key ?? '', value ?? '', ...parts].map((part) => Buffer.from(part)));
};

/** A topic that takes batches of so many bytes. */
function topicTaking(maxBytes: number) {
  const written: Message[] = [];
  const requests: number[] = [];
  const sendBatch = (batch: ProducerBatch) => {
    const messages = (batch.topicMessages?.[0]?.messages ?? []) as Message[];
    const { compression } = batch;
    requests.push(messages.length);
    const plain = Buffer.concat(messages.map(bytesOf));
    const size = compression === CompressionTypes.GZIP ? gzipSync(plain).length : plain.length;
    if (size > maxBytes) {
      const details = { type: 'MESSAGE_TOO_LARGE', code: 10, retriable: false };
      return Promise.reject(new KafkaJSProtocolError(details as never));
    }
    written.push(...messages);
    return Promise.resolve(acknowledge(config, batch));
  };
  const producer = { connect: () => Promise.resolve(), disconnect: () => Promise.resolve(), sendBatch };
  let config: ProducerConfig = {};
  const kafka = { producer: (given: ProducerConfig) => ((config = given), producer) };
  const letters = createDeadLetters(kafka as unknown as Kafka, 'dlq', 'g');
  return { letters, written, requests };
}

const messageOf = ({ headers }: Message) => headers[deadLetterHeaders.message];

it('leaves no connection behind for every attempt while the topic cannot be written', async () => {
  let open = 0;
  const kafka = {
    producer: () => ({
      connect: async () => void open++,
      disconnect: async () => void open--,
      sendBatch: () => Promise.reject(new Error('not enough in-sync replicas')),
    }),
  } as unknown as Kafka;
  const letters = createDeadLetters(kafka, 'dlq', 'g');
  for (let attempt = 0; attempt < 10; attempt++)
    await letters.send(poisonOf(queueRecord(0))).catch(() => undefined);
  expect(open).toBeLessThanOrEqual(1);
});

it('keeps the headers a record had under our names, and adds ours as the last value', async () => {
  const { letters, written } = topicTaking(100_000);
  const headers = {
    [deadLetterHeaders.topic]: Buffer.from('elsewhere'),
    [deadLetterHeaders.message]: [Buffer.from('one'), Buffer.from('two')],
  };
  await letters.send(poisonOf(queueRecord(0, { headers })));
  expect(written[0]?.headers[deadLetterHeaders.topic]).toEqual([Buffer.from('elsewhere'), 'x-jobs-queue']);
  expect(messageOf(written[0]!)).toEqual([Buffer.from('one'), Buffer.from('two'), 'input: is wrong']);
});

it('writes a flood of small ones in few requests, in their order', async () => {
  const { letters, written, requests } = topicTaking(1_000_000);
  const records = Array.from({ length: 1_200 }, (_, offset) =>
    queueRecord(offset, { value: `no job ${offset}` }),
  );
  await letters.send(poisonOf(...records));
  expect(written.map(({ value }) => value)).toEqual(records.map(({ value }) => value));
  expect(requests.length).toBeLessThan(5);
});

describe('a topic that takes less than the queue topic', () => {
  const small = queueRecord(0, { value: 'small' });

  it('gets a record that only fits when it is compressed whole', async () => {
    const { letters, written } = topicTaking(2_000);
    const large = queueRecord(1, { value: 'x'.repeat(50_000) });
    await letters.send(poisonOf(small, large));
    expect(written.map(({ value }) => value)).toEqual([small.value, large.value]);
    expect(messageOf(written[1]!)).toBe('input: is wrong');
  });

  it('gets one that does not fit without its value, and says so; key and headers stay', async () => {
    const { letters, written } = topicTaking(2_000);
    const large = { ...queueRecord(1, { value: randomBytes(5_000) }), key: Buffer.from('key') };
    large.headers = { mine: Buffer.from([0xff]) };
    await letters.send(poisonOf(small, large, small));
    expect(written.map(({ value }) => value)).toEqual([small.value, null, small.value]);
    expect(written[1]).toMatchObject({ key: large.key, headers: large.headers });
    expect(messageOf(written[1]!)).toBe('input: is wrong (left out: the value, 5000 bytes)');
  });

  it('gets the coordinates and the reason when key and headers do not fit either', async () => {
    const { letters, written } = topicTaking(2_000);
    const headers = { mine: randomBytes(5_000), [deadLetterHeaders.topic]: randomBytes(5_000) };
    await letters.send(poisonOf({ ...queueRecord(7, { headers }), key: randomBytes(100) }));
    expect(written[0]).toMatchObject({ key: null, value: null });
    expect(written[0]?.headers).toMatchObject({
      [deadLetterHeaders.topic]: 'x-jobs-queue',
      [deadLetterHeaders.offset]: '7',
      [deadLetterHeaders.message]:
        'input: is wrong (left out: the value, 3 bytes; the key, 100 bytes; 2 headers)',
    });
  });
});

it('a connection that never comes about is given up, and another is made', async () => {
  let made = 0;
  const written: unknown[] = [];
  const kafka = {
    producer: (config: ProducerConfig) => ({
      connect: () => (++made === 1 ? new Promise(() => undefined) : Promise.resolve()),
      disconnect: () => Promise.resolve(),
      sendBatch: (batch: ProducerBatch) => {
        written.push(batch);
        return Promise.resolve(acknowledge(config, batch));
      },
    }),
  } as unknown as Kafka;
  const letters = createDeadLetters(kafka, 'dlq', 'g', { connectMs: 20 });
  await expect(letters.send(poisonOf(queueRecord(0)))).rejects.toThrow(
    'There was no connection to Kafka within 20 ms.',
  );
  await letters.send(poisonOf(queueRecord(0)));
  expect(written).toHaveLength(1);
});
