import { createLetterFilter } from '../../../../bridge/kafka/redrive/filter';
import { redrive, type RedriveOptions } from '../../../../bridge/kafka/redrive/redrive';
import type { RetryFailedReport } from '../../../../bridge/kafka/redrive/retry-failed';
import { openSender } from '../../../../bridge/kafka/redrive/sender';
import { markerTopicOf } from '../../../../bridge/kafka/redrive/topics';
import { redriveHeaders } from '../../../../contracts/headers';
import { runNumber } from '../../../../contracts/result-runs';
import { withOffsets } from '../../../../runtime/kafka/offsets';
import { readRanges } from '../../../../runtime/kafka/read-ranges';
import { PROCESS_JOB } from '../../../../contracts/workflow-names';
import { eventually } from '../../../support/eventually';
import { endProcesses, startProcess } from '../../../support/processes';
import { briefs, createRig, idsOf, type Rig } from '../../../support/rig';
import { letterMessage, type LetterFacts } from './letters';

let rig: Rig;
let topics: RedriveOptions['topics'];

beforeEach(async () => {
  rig = await createRig({ partitions: 2 });
  rig.env.PARKING_TOPIC = `${rig.name}-parked`;
  topics = { queue: rig.queue, deadLetters: `${rig.name}-dlq`, parking: rig.env.PARKING_TOPIC };
});

afterEach(async () => {
  await endProcesses();
  await rig.close();
});

const everything = createLetterFilter({ codes: [], pipelines: [] });
const run = (options: Partial<RedriveOptions> = {}) =>
  redrive({ kafka: rig.kafka, topics, filter: everything, maxRedrives: 3, ...options });

async function writeLetters(letters: Partial<LetterFacts>[]): Promise<void> {
  const producer = rig.kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  const messages = letters.map((facts, offset) => letterMessage({ topic: rig.queue, offset, ...facts }));
  await producer.send({ topic: topics.deadLetters, acks: -1, messages });
  await producer.disconnect();
}

/** Everything that a reader of committed records finds in a topic now. */
async function recordsOf(topic: string) {
  const records: { key: string; value: Buffer | null; headers: Record<string, string> }[] = [];
  const ranges = await withOffsets(rig.kafka, (offsets) => offsets.ranges(topic));
  await readRanges({
    kafka: rig.kafka,
    topic,
    ranges,
    onRecord: (_, { key, value, headers = {} }) => {
      const texts = Object.entries(headers).map(([name, text]) => [name, String(text)] as const);
      records.push({ key: key?.toString() ?? '', value, headers: Object.fromEntries(texts) });
    },
  });
  return records;
}

const count = (records: { key: string }[]) => {
  const counts = new Map<string, number>();
  for (const { key } of records) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
};

const written = async (topic: string) => {
  const ranges = await withOffsets(rig.kafka, (offsets) => offsets.ranges(topic));
  return ranges.reduce((sum, { to }) => sum + to, 0);
};

const headway = (...args: string[]) =>
  startProcess('cli/main.js', { ...rig.env, LOG_LEVEL: '' }, undefined, args);

test.each(['SIGKILL', 'SIGINT'] as const)(
  '%s in the middle of 3,000 letters, and run again with other filters: each is sent once',
  async (signal) => {
    const keys = Array.from({ length: 3_000 }, (_, index) => `letter-${index}`);
    await writeLetters(
      keys.map((key, index) => ({
        key,
        partition: index % 2,
        code: index % 3 ? 'HW_JOB_INVALID' : 'HW_RECORD_NOT_JSON',
      })),
    );
    const interrupted = headway('redrive', '--json');
    await eventually('some are sent', async () => (await written(rig.queue)) > 0);
    await interrupted.kill(signal);
    const end = signal === 'SIGKILL' ? { code: null, signal } : { code: 130, signal: null };
    expect(await interrupted.ended).toEqual(end);

    const rest = headway('redrive', '--json', '--code', 'HW_JOB_INVALID');
    expect((await rest.ended).code).toBe(0);
    const [before, report] = [
      await recordsOf(rig.queue),
      JSON.parse(rest.log()) as { sent: { queue: number } },
    ];
    expect(report.sent.queue).toBeGreaterThan(0);
    const all = await run();
    expect(before.length + all.sent.queue).toBe(3_000);
    expect(all.kept.alreadySent).toBe(before.length);
    const counts = count(await recordsOf(rig.queue));
    expect(counts.size).toBe(3_000);
    expect([...new Set(counts.values())]).toEqual([1]);
    if (signal === 'SIGINT') expect(JSON.parse(interrupted.log())).toMatchObject({ interrupted: true });

    expect((await run()).sent).toEqual({ queue: 0, parking: 0 });
    const began = Date.now();
    expect((await run({ againBefore: Infinity, limit: 10 })).sent).toEqual({ queue: 10, parking: 0 });
    expect((await run({ againBefore: began })).sent).toEqual({ queue: 2_990, parking: 0 });
  },
);

test('of two redrives at a time the first stops, and nothing it wrote is missed or doubled by the second', async () => {
  await writeLetters([{ key: 'a' }, { key: 'b' }]);
  expect((await run({ limit: 1 })).sent.queue).toBe(1);
  const first = await openSender(rig.kafka, { ...topics, markers: markerTopicOf(topics.deadLetters) });
  const second = await run();
  expect(second).toMatchObject({ sent: { queue: 1 }, kept: { alreadySent: 1 } });
  const move = { to: 'queue', topic: rig.queue, marker: 'x', bytes: 100 } as const;
  const late = first.send([{ ...move, record: { key: Buffer.from('late'), value: null, headers: {} } }]);
  await expect(late).rejects.toMatchObject({ code: 'HW_REDRIVE_TAKEN_OVER' });
  await first.close();
  expect([...count(await recordsOf(rig.queue))].sort()).toEqual([
    ['a', 1],
    ['b', 1],
  ]);
});

test('a record that never becomes a job comes back as often as it may, is then parked, and is the same all along', async () => {
  await rig.startBridge();
  const value = Buffer.from([0x7b, 0xff, 0x00]);
  const producer = rig.kafka.producer();
  await producer.connect();
  const headers = { 'x-trace': Buffer.from([0xfe]), note: ['1', '2'] };
  await producer.send({ topic: rig.queue, messages: [{ key: 'bad', value, headers, partition: 1 }] });
  await producer.disconnect();
  for (const redrives of [0, 1, 2]) {
    await eventually(`dead letter ${redrives}`, () => rig.deadLetters.length === redrives + 1);
    const report = await run({ maxRedrives: 2 });
    expect(report.sent).toEqual(redrives < 2 ? { queue: 1, parking: 0 } : { queue: 0, parking: 1 });
  }
  const queued = await recordsOf(rig.queue);
  expect(queued.map(({ headers }) => headers[redriveHeaders.count])).toEqual([undefined, '1', '2']);
  for (const record of queued) {
    expect(record.value).toEqual(value);
    expect(record.headers).toMatchObject({ 'x-trace': '\ufffd', note: '1,2' });
    expect(Object.keys(record.headers).filter((name) => name.startsWith('__dlq'))).toEqual([]);
  }
  const [parked] = await recordsOf(topics.parking);
  expect(parked).toMatchObject({
    key: 'bad',
    value,
    headers: { '__dlq.errors.class': 'HW_RECORD_NOT_UTF8' },
  });
  expect((await run()).sent).toEqual({ queue: 0, parking: 0 });
});

test('a dry run counts and writes nothing; afterwards a job whose pipeline is there by now is done', async () => {
  const [job] = briefs(1, `${rig.name}-late`);
  await writeLetters([
    { key: job?.id, value: JSON.stringify(job), code: 'HW_PIPELINE_UNKNOWN' },
    { key: 'other', value: '{"pipeline":"no-such-pipeline"}', code: 'HW_PIPELINE_UNKNOWN' },
    { key: 'foreign', topic: 'another-queue' },
  ]);
  const dry = await run({ dryRun: true, examples: 1 });
  expect(dry).toMatchObject({ letters: 3, sent: { queue: 2, parking: 0 }, kept: { otherTopic: 1 } });
  expect(dry.groups.map(({ pipeline }) => pipeline).sort()).toEqual(['company-brief', 'no-such-pipeline']);
  expect(dry.examples).toHaveLength(1);
  expect(await written(rig.queue)).toBe(0);
  expect(await rig.admin.listTopics()).not.toContain(markerTopicOf(topics.deadLetters));

  await rig.startWorker();
  await rig.startBridge();
  const sent = headway('redrive', '--pipeline', 'company-brief', '--code', 'HW_PIPELINE_UNKNOWN');
  expect((await sent.ended).code).toBe(0);
  expect(sent.log()).toContain(`Sent back to ${rig.queue}: 1\n`);
  const results = await rig.resultsFor(idsOf(job ? [job] : []));
  expect([...results.values()].flat()).toMatchObject([{ result: { status: 'completed' } }]);
});

test('failed jobs run again by error code, each once, and not those that have a newer end', async () => {
  const refused = briefs(12, `${rig.name}-refused`, 'refusal times=1');
  const [hopeless] = briefs(1, `${rig.name}-cut`, 'incomplete');
  const jobs = [...refused, ...(hopeless ? [hopeless] : []), ...briefs(3, `${rig.name}-fine`)];
  await rig.produce(jobs);
  await rig.startWorker();
  await rig.startBridge();
  await rig.resultsFor(idsOf(jobs));

  const retry = async (...args: string[]) => {
    const child = headway('redrive', '--failed', '--json', ...args);
    expect((await child.ended).code).toBe(0);
    return JSON.parse(child.log()) as RetryFailedReport;
  };
  const group = { code: 'HW_LLM_REFUSED', pipeline: 'company-brief', jobs: 12 };
  const dry = await retry('--dry-run', '--code', 'HW_LLM_REFUSED');
  expect(dry).toMatchObject({ failed: 13, selected: 12, started: 0, wouldStart: 12, groups: [group] });
  // One that runs already is told of, and left out.
  const [running] = refused;
  const occupied = await rig.client.workflow.start(PROCESS_JOB, {
    workflowId: running?.id ?? '',
    taskQueue: `${rig.name}-nobody`,
  });
  const without = await retry('--dry-run', '--code', 'HW_LLM_REFUSED');
  expect(without).toMatchObject({ selected: 12, wouldStart: 11, kept: { HW_JOB_RUNNING: 1 } });
  await occupied.terminate();
  const first = await retry('--code', 'HW_LLM_REFUSED', '--limit', '5');
  const second = await retry('--code', 'HW_LLM_REFUSED');
  expect([first.started, second.started]).toEqual([5, 7]);
  // Those of the first go: running still, or ended since the results were read, or known to have completed.
  const kept = Object.values(second.kept).reduce((sum, jobs) => sum + jobs, 0);
  expect(second.selected).toBe(7 + kept);

  await eventually(
    'a second result of each',
    () => rig.results.length === jobs.length + 12 || `${rig.results.length}`,
  );
  const again = rig.results.filter(({ result }) => runNumber(result) === 2);
  expect(again.map(({ key }) => key).sort()).toEqual(idsOf(refused).sort());
  expect([...new Set(again.map(({ result }) => result.status))]).toEqual(['completed']);
  expect(await retry('--dry-run')).toMatchObject({
    failed: 1,
    groups: [{ code: 'HW_LLM_INCOMPLETE', jobs: 1 }],
  });
});
