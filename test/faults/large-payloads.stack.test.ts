import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { deadLetterHeaders } from '../../contracts/headers';
import type { JobRequest } from '../../contracts/job-request';
import { bucket, startS3Server } from '../runtime/payload-store/s3-server';
import { killChildren, startChild, type Child } from '../support/child';
import { eventually } from '../support/eventually';
import { createRig, idsOf, type Rig } from '../support/rig';
import { bundlePath } from '../../workers/bundle-path';

const MB = 1_000_000;

let rig: Rig;
const cleanUps: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  await killChildren();
  await rig.close();
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

async function setUp(env: Record<string, string> = {}): Promise<void> {
  rig = await createRig({ maxMessageBytes: 32 * 1024 * 1024, env });
}

function start(program: string): Child {
  return startChild(`faults/programs/${program}.ts`, [], {
    ...process.env,
    LOG_FORMAT: 'json',
    LOG_LEVEL: 'debug',
    ...rig.env,
  });
}

/** Jobs for the pipeline `echo`, with inputs of about that many bytes. */
function echoes(count: number, name: string, bytes: number, directive = ''): (JobRequest & { id: string })[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `${rig.name}-${name}-${index}`,
    pipeline: 'echo',
    input: { text: `${directive} ${name} ${index} `.padEnd(bytes, 'Vieles, was groß ist: äöü. ') },
  }));
}

const resultOf = async (job: { id: string }) => {
  const records = (await rig.resultsFor([job.id])).get(job.id) ?? [];
  expect(new Set(records.map(({ bytes }) => bytes)).size).toBe(1);
  const [first] = records;
  if (!first) throw new Error('no result');
  return first.result;
};

test('20 MB in and 20 MB out, through a killed worker: whole, once, beside a small history and neighbours that do not wait', async () => {
  await setUp();
  // 2 s of LLM at the scale of the test stack, to be killed in.
  const [big] = echoes(1, 'big', 18 * MB, '[[simulate: latency=100000]]');
  if (!big) throw new Error('no job');
  expect(Buffer.byteLength(JSON.stringify(big))).toBeGreaterThan(19.5 * MB);
  const before = echoes(10, 'before', 500);
  const behind = echoes(10, 'behind', 500);
  for (const jobs of [before, [big], behind]) await rig.produce(jobs, 0);
  const worker = start('worker-with-echo');
  await worker.says('worker is up');
  start('bridge-with-echo');

  const neighbours = await rig.resultsFor(idsOf([...before, ...behind]));
  expect([...neighbours.values()].flat().map(({ result }) => result.status)).toEqual(
    [...before, ...behind].map(() => 'completed'),
  );
  await eventually('the large job waits for its answer', async () => (await rig.llmCalls(big.id)) > 0);
  expect(rig.results.some(({ key }) => key === big.id)).toBe(false);
  worker.process.kill('SIGKILL');
  await start('worker-with-echo').says('worker is up');

  const result = await resultOf(big);
  expect(result).toMatchObject({ status: 'completed', usage: { llmCalls: 1 } });
  expect((result.output as { text: string }).text).toBe(big.input.text);
  expect(await rig.llmCalls(big.id)).toBe(1);

  const handle = rig.client.workflow.getHandle(result.workflow.id);
  await eventually(
    'its workflow has ended',
    async () => (await handle.describe()).status.name === 'COMPLETED',
  );
  expect((await handle.describe()).historySize).toBeLessThan(50_000);
  // What is in the store is enough to run its code again.
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const { loadedDataConverter } = rig.client.options;
  const { externalStorage } = loadedDataConverter;
  const replayed = { workflowBundle: { codePath: bundlePath }, dataConverter: { externalStorage } };
  await Worker.runReplayHistory(replayed, await handle.fetchHistory(), result.workflow.id);
}, 240_000);

const KIB = 1024;
const MIB = 1024 * KIB;

/** A job for `echo` of exactly so many bytes, counted with its source as the bridge does, for the next offset. */
function jobOf(bytes: number, offset: number): JobRequest & { id: string } {
  const job = { id: `${rig.name}-${bytes}`, pipeline: 'echo', input: { text: '' } };
  const source = {
    ...{ door: 'kafka', topic: rig.queue, partition: 0, offset: String(offset) },
    timestamp: Date.now(),
  };
  const without = Buffer.byteLength(JSON.stringify({ ...job, source }));
  return { ...job, input: { text: 'x'.repeat(bytes - without) } };
}

const aroundTemporalsLimits = [2 * MIB, 2 * MIB + 1, 4 * MIB, 4 * MIB + 1];

// Temporal takes 2 MB for a payload and 4 MB for a message.
test.each<[string, Record<string, string>, fits: number[], tooLarge: number[]]>([
  [
    'without a payload store',
    { PAYLOAD_STORE: 'none' },
    [512 * KIB],
    [512 * KIB + 1, ...aroundTemporalsLimits],
  ],
  ['with a payload store', {}, [512 * KIB, ...aroundTemporalsLimits, 20 * MIB], [21 * MIB + 1]],
])(
  '%s jobs up to the limit are done, larger ones are dead letters, and the others go on',
  async (_, env, fits, tooLarge) => {
    await setUp(env);
    const sizes = [...fits, ...tooLarge];
    const small = echoes(sizes.length, 'small', 100);
    const edges = sizes.map((bytes, index) => jobOf(bytes, 2 * index));
    for (const [index, job] of edges.entries()) {
      await rig.produce([job], 0);
      await rig.produce([small[index]!], 0);
    }
    start('worker-with-echo');
    start('bridge-with-echo');

    const done = [...edges.slice(0, fits.length), ...small];
    const results = await rig.resultsFor(idsOf(done));
    expect([...results.values()].flat().map(({ result }) => [result.id, result.error])).toEqual(
      done.map(({ id }) => [id, undefined]),
    );
    await eventually('the dead letters', () => rig.deadLetters.length === tooLarge.length);
    expect(rig.deadLetters.map(({ headers }) => headers[deadLetterHeaders.class])).toEqual(
      tooLarge.map(() => 'HW_RECORD_TOO_LARGE'),
    );
    expect(rig.deadLetters.map(({ key }) => key)).toEqual(idsOf(edges.slice(fits.length)));
  },
);

interface Store {
  env: Record<string, string>;
  away: () => Promise<void> | void;
  back: () => Promise<void> | void;
}

function folder(): Store {
  const path = mkdtempSync(join(tmpdir(), 'headway-payloads-'));
  cleanUps.push(() => rmSync(path, { recursive: true, force: true }));
  return {
    env: { PAYLOAD_STORE: pathToFileURL(path).href },
    away: () => {
      renameSync(path, `${path}-away`);
      writeFileSync(path, 'no folder');
    },
    back: () => {
      rmSync(path);
      renameSync(`${path}-away`, path);
    },
  };
}

async function s3(): Promise<Store> {
  const server = await startS3Server();
  cleanUps.push(() => server.remove());
  const PAYLOAD_STORE = `s3://${bucket}/test`;
  // For the client of the test itself.
  Object.assign(process.env, server.env);
  return { env: { PAYLOAD_STORE, ...server.env }, away: server.stop, back: server.start };
}

test.each<[string, () => Store | Promise<Store>]>([
  ['a folder', folder],
  ['an S3-compatible server', s3],
])(
  'while %s is away jobs wait in the bridge and in the worker, and go on by themselves',
  async (_, create) => {
    const store = await create();
    await setUp(store.env);
    const [first, second] = [...echoes(1, 'first', MB), ...echoes(1, 'second', MB)];
    if (!first || !second) throw new Error('no jobs');

    await store.away();
    await rig.produce([first], 0);
    const bridge = start('bridge-with-echo');
    await eventually('the bridge says what is away', () =>
      /PAYLOAD_STORE: cannot write.*could not start a workflow/.test(bridge.stdout()),
    );
    expect(await rig.committed()).toEqual([-1]);
    await store.back();
    await eventually('the offset moves on', async () => (await rig.committed())[0] === 1);

    await store.away();
    const worker = start('worker-with-echo');
    await eventually('the worker says what is away', () =>
      /PAYLOAD_STORE: cannot read/.test(worker.stdout()),
    );
    await store.back();
    expect(await resultOf(first)).toMatchObject({ status: 'completed', usage: { llmCalls: 1 } });

    // In the middle of a job: what it makes cannot be kept.
    await rig.produce([second], 0);
    await eventually('the second one waits for its answer', async () => (await rig.llmCalls(second.id)) > 0);
    await store.away();
    await eventually('the worker says so again', () => /PAYLOAD_STORE: cannot write/.test(worker.stdout()));
    await store.back();
    expect(await resultOf(second)).toMatchObject({ status: 'completed', usage: { llmCalls: 1 } });
  },
);
