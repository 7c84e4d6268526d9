import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
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
