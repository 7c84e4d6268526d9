import { execFile } from 'node:child_process';
import { join } from 'node:path';
import type { IHeaders, KafkaMessage, Producer } from 'kafkajs';
import pino from 'pino';
import { deadLetterHeaders } from '../../../contracts/headers';
import type { JobRequest } from '../../../contracts/job-request';
import { loadConfig } from '../../../runtime/config/config';
import { createKafka } from '../../../runtime/kafka/client';
import { withNullHeaders } from '../../../runtime/kafka/headers';
import { installedKafka } from '../../../stack/kafka/install';
import { corpus, request, type CorpusRecord } from '../../fixtures/bad-input/corpus';
import { eventually } from '../../support/eventually';
import { endProcesses } from '../../support/processes';
import { briefs, createRig, idsOf, type Rig } from '../../support/rig';

/** A record as it was sent: where it went, and when. */
interface Sent extends CorpusRecord {
  offset: number;
  sentAt: number;
}

let rig: Rig;
let producer: Producer;
/** What is on the dead-letter topic, by the offset of the record. */
const deadLetters = new Map<number, KafkaMessage[]>();
const ended: (() => Promise<void>)[] = [];

beforeAll(async () => {
  rig = await createRig();
  const kafka = createKafka(loadConfig(process.env, ['kafka']).kafka, pino({ level: 'silent' }));
  producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  const consumer = kafka.consumer({ groupId: `${rig.name}-raw`, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic: rig.env.DLQ_TOPIC!, fromBeginning: true });
  await consumer.run({
    eachMessage: ({ message }) => {
      const offset = Number(lastOf(message.headers, deadLetterHeaders.offset));
      deadLetters.set(offset, [...(deadLetters.get(offset) ?? []), message]);
      return Promise.resolve();
    },
  });
  ended.push(
    () => consumer.disconnect(),
    () => producer.disconnect(),
  );
  // With rests it would be these that are measured.
  await rig.startBridge({ PACK_LINGER_MS: '0' });
  await rig.startWorker();
});

afterAll(async () => {
  await endProcesses();
  await Promise.all(ended.map((end) => end()));
  await rig.close();
});

test('each record of the corpus becomes a job or, at once, a dead letter, and the jobs behind it go on', async () => {
  const between = briefs(corpus.length, 'between');
  const sent: Sent[] = [];
  for (const [index, record] of corpus.entries()) {
    sent.push(await send(record));
    await rig.produce([between[index]!]);
  }
  await rig.resultsFor(idsOf(between));
  await expectFates(sent);

  // By the broker's clock. Megabytes take their time on the way to the broker already.
  const waits = sent
    .filter(({ fate, value }) => fate !== 'job' && (value?.length ?? 0) < 1_000_000)
    .map(({ offset, sentAt }) => Number(deadLetters.get(offset)?.[0]?.timestamp) - sentAt)
    .sort((a, b) => a - b);
  const [median, almostAll] = [0.5, 0.95].map((share) => waits[Math.floor(waits.length * share)]!);
  process.stderr.write(
    `${waits.length} dead letters after ${median} ms (median), ${almostAll} ms (95 %), ${waits.at(-1)} ms (longest)\n`,
  );
  // Not of almost all: a machine that has others to serve makes a few of them late.
  expect(median).toBeLessThan(1_000);

  const result = (id: string) => rig.results.filter(({ key }) => key === id).map((one) => one.result);
  expect(result('twice')).toHaveLength(2);
  expect(result('past')[0]).toMatchObject({ status: 'expired' });
  for (const { value } of corpus.filter(({ fate }) => fate === 'job')) {
    const { id = '', tenant, metadata } = JSON.parse(String(value).replace(/^\ufeff/, '')) as JobRequest;
    const [found] = result(id);
    expect([id, found?.tenant, found?.metadata]).toEqual([id, tenant, metadata]);
    if (id !== 'past') expect(result(id)[0]?.status).toBe('completed');
  }
});

test('records of a Java client arrive: of every compression, of a committed transaction, and none of an aborted one', async () => {
  const modes = ['gzip', 'snappy', 'lz4', 'zstd', 'abort', 'commit', 'abort'];
  const lines = modes.flatMap((mode, index) => [
    { mode, fate: 'job', value: JSON.stringify(request({ id: `${mode}-${index}-0` })) },
    { mode, fate: 'HW_RECORD_NOT_JSON', value: `no job, ${mode}`.repeat(5_000) },
    { mode, fate: 'job', value: JSON.stringify(request({ id: `${mode}-${index}-1` })) },
  ]);
  const sentAt = Date.now();
  const offsets = await produceWithJava(lines);
  expect(offsets).toHaveLength(lines.length);
  const [behind] = briefs(1, 'behind');
  await rig.produce([behind!]);
  await rig.resultsFor([behind!.id]);

  const nothing = null as unknown as Buffer;
  const sent = lines.map(({ mode, fate, value }, index): Sent => ({
    ...{ name: mode, fate: fate as Sent['fate'], key: null, value: Buffer.from(value) },
    headers: { mode: Buffer.from(mode), none: nothing, again: [Buffer.from([1]), nothing] },
    ...{ offset: offsets[index]!, sentAt },
  }));
  await expectFates(sent.filter(({ name }) => name !== 'abort'));
  expect(rig.results.filter(({ key }) => key.startsWith('abort'))).toEqual([]);
  for (const { name, offset } of sent) if (name === 'abort') expect(deadLetters.has(offset)).toBe(false);
});

async function send(record: CorpusRecord): Promise<Sent> {
  const { key, value } = record;
  const sentAt = Date.now();
  const message = { key, value, headers: withNullHeaders(record.headers), timestamp: String(sentAt) };
  const [at] = await producer.send({ topic: rig.queue, acks: -1, messages: [message] });
  return { ...record, offset: Number(at?.baseOffset), sentAt };
}

/** Waits for the results of the jobs, and compares the dead letters with their records, byte for byte. */
async function expectFates(sent: Sent[]): Promise<void> {
  const jobs = sent.filter(({ fate }) => fate === 'job');
  const poison = sent.filter(({ fate }) => fate !== 'job');
  await rig.resultsFor(
    jobs.map(({ value }) => (JSON.parse(String(value).replace(/^\ufeff/, '')) as { id: string }).id),
  );
  await eventually('the dead letters', () => {
    const missing = poison.filter(({ offset }) => !deadLetters.has(offset));
    return missing.length === 0 || missing.map(({ name }) => name).join('; ');
  });
  for (const { offset } of jobs) expect(deadLetters.has(offset)).toBe(false);
  for (const { name, fate, offset, key, value, headers } of poison) {
    const [letter, ...more] = deadLetters.get(offset)!;
    expect([name, more.length]).toEqual([name, 0]);
    expect([name, lastOf(letter?.headers, deadLetterHeaders.class)]).toEqual([name, fate]);
    expect([name, same(letter?.key, key), same(letter?.value, value)]).toEqual([name, true, true]);
    expect([name, withoutOurs(letter?.headers)]).toEqual([name, headers]);
  }
}

const same = (a: Buffer | null | undefined, b: Buffer | null) => (a && b ? a.equals(b) : a === b);

function lastOf(headers: IHeaders | undefined, name: string): string {
  return String([headers?.[name]].flat().at(-1));
}

/** Our headers are there once, behind what the record had under the same names. */
function withoutOurs(headers: IHeaders = {}): Record<string, unknown> {
  const ours = Object.values<string>(deadLetterHeaders);
  expect(Object.keys(headers)).toEqual(expect.arrayContaining(ours));
  const entries = Object.entries(headers).flatMap(([name, values]) => {
    if (!ours.includes(name)) return [[name, values] as const];
    const left = [values].flat().slice(0, -1);
    return left.length === 0 ? [] : [[name, left.length === 1 ? left[0] : left] as const];
  });
  return Object.fromEntries(entries);
}

/** Returns the offsets of the records. */
async function produceWithJava(lines: { mode: string; value: string }[]): Promise<number[]> {
  const jars = installedKafka(process.env);
  if (!jars) throw new Error('The jars of Kafka are not in the cache, although the stack runs from there');
  const brokers = loadConfig(process.env, ['kafka']).kafka.brokers.join(',');
  const program = join(__dirname, 'programs', 'Produce.java');
  return await new Promise((resolve, reject) => {
    const options = { maxBuffer: 10_000_000 };
    const java = execFile(
      'java',
      ['-cp', join(jars, '*'), program, brokers, rig.queue],
      options,
      (error, output) => {
        if (error) reject(new Error('Produce.java failed', { cause: error }));
        else resolve(output.trim().split('\n').map(Number));
      },
    );
    java.stdin?.end(
      lines.map(({ mode, value }) => `${mode} ${Buffer.from(value).toString('hex')}\n`).join(''),
    );
  });
}
