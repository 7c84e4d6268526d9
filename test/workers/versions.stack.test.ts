import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JobRequest } from '../../contracts/job-request';
import { projectRoot } from '../../runtime/project-root';
import { eventually } from '../support/eventually';
import { headway } from '../support/headway';
import type { HeadwayProcess } from '../support/processes';
import { useRig } from '../support/use-rig';

const rig = useRig();

let folder: string;
let gate: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'headway-versions-'));
  gate = join(folder, 'open');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A build of a pipeline that says in its output which build did what. A text with "wait" waits in its first stage for the gate. */
function build(name: string): NodeJS.ProcessEnv {
  const library = join(projectRoot(), 'dist', 'library', 'index.js');
  const path = join(folder, name, 'note', 'pipeline.js');
  mkdirSync(join(folder, name, 'note'), { recursive: true });
  writeFileSync(
    path,
    `const { existsSync } = require('node:fs');
const { definePipeline, UnavailableError, z } = require(${JSON.stringify(library)});
exports.note = definePipeline({
  name: 'note',
  request: z.strictObject({ text: z.string() }),
  response: z.object({ words: z.number() }),
  enrich({ text }) {
    if (text.includes('wait') && !existsSync(${JSON.stringify(gate)})) throw new UnavailableError('the gate is shut');
    return { build: '${name}' };
  },
  prompt: ({ text }) => ({ instructions: 'Count the words.', input: text }),
  postProcess: (answer, { enrichment }) => ({ enriched: enrichment.build, processed: '${name}' }),
});
`,
  );
  return { HEADWAY_PIPELINES: join(folder, name) };
}

const version = (name: string): NodeJS.ProcessEnv => ({
  ...build(name),
  HEADWAY_DEPLOYMENT: rig.name,
  HEADWAY_BUILD_ID: name,
});

const job = (id: string, text: string): JobRequest => ({ id, pipeline: 'note', input: { text } });

interface Version {
  buildId?: string;
  state: string;
  running: number;
  workers: number;
}

async function versions(...args: string[]): Promise<Version[]> {
  const { code, stdout, stderr } = await headway(rig.env, ['versions', '--json', ...args]);
  if (code !== 0) throw new Error(stderr);
  const { deployments } = JSON.parse(stdout) as { deployments: { versions: Version[] }[] };
  return deployments[0]!.versions;
}

/** The worker version that a workflow is bound to. */
async function boundTo(workflowId: string): Promise<string | undefined> {
  const { raw } = await rig.client.workflow.getHandle(workflowId).describe();
  return raw.workflowExecutionInfo?.versioningInfo?.deploymentVersion?.buildId ?? undefined;
}

async function whoWorkedOn(id: string): Promise<unknown> {
  const records = (await rig.resultsFor([id])).get(id)!;
  expect(records).toHaveLength(1);
  return records[0]!.result.output;
}

async function workflowOf(id: string): Promise<string> {
  let found: string | undefined;
  await eventually(`a workflow with job ${id}`, async () => {
    const query = `HeadwayJobIds = '${id}' AND TaskQueue = '${rig.name}'`;
    for await (const { workflowId } of rig.client.workflow.list({ query })) found = workflowId;
    return found !== undefined;
  });
  return found!;
}

test('jobs end on the version they began on, also after a crash of it, while new ones go to the next', async () => {
  const v1 = await rig.startWorker(version('v1'));
  await v1.logged(/no version of \S+ is current: new jobs wait/);
  expect(await versions('--use', 'v1')).toMatchObject([{ buildId: 'v1', state: 'current' }]);
  const unknown = await headway(rig.env, ['versions', '--use', 'v9']);
  expect([unknown.code, unknown.stderr]).toEqual([
    2,
    expect.stringMatching(/--use must be a version of \S+ whose worker was started: v1/),
  ]);
  await rig.startBridge(build('v1'));

  await rig.produce([job('refused', 'no [[simulate: refusal]]')]);
  await rig.resultsFor(['refused']);
  // Packs, and one job that will leave its pack.
  await rig.produce([
    job('wait-1', 'wait'),
    job('wait-2', 'wait'),
    job('mend', 'wait [[simulate: malformed times=1]]'),
  ]);
  const pack = await workflowOf('wait-1');
  await eventually('the pack is bound to v1', async () => (await boundTo(pack)) === 'v1');

  const v2 = await rig.startWorker(version('v2'));
  await v2.logged(/version v1 of \S+ is current: no new jobs come to this one/);
  expect(await versions('--use', 'v2', '--percent', '10')).toMatchObject([
    { buildId: 'v2', state: 'ramping', percent: 10 },
    { buildId: 'v1', state: 'current' },
  ]);
  // Back in the middle of a ramp: nothing goes to v2 any more.
  expect(await versions('--use', 'v1')).toMatchObject([
    { buildId: 'v2', state: expect.not.stringMatching('ramping') as string },
    { buildId: 'v1', state: 'current' },
  ]);
  expect(await versions('--use', 'v2', '--percent', '0')).toMatchObject([
    { buildId: 'v2', state: 'ramping', percent: 0 },
    { buildId: 'v1', state: 'current' },
  ]);
  expect(await versions('--use', 'v2')).toMatchObject([
    { buildId: 'v2', state: 'current', workers: 1 },
    { buildId: 'v1', state: 'draining', workers: 1 },
  ]);
  await v1.kill('SIGKILL');

  await rig.produce([job('new', 'at once')]);
  expect(await whoWorkedOn('new')).toEqual({ enriched: 'v2', processed: 'v2' });
  // A failed job that is run again begins anew, on the version of now.
  const retried = await headway({ ...rig.env, ...build('v2') }, ['retry', 'refused']);
  expect([retried.code, retried.stderr]).toEqual([0, expect.anything()]);
  await eventually('run 2 is on v2', async () => (await boundTo('refused')) === 'v2');

  writeFileSync(gate, '');
  const again = await rig.startWorker(version('v1'));
  for (const id of ['wait-1', 'wait-2', 'mend']) {
    expect([id, await whoWorkedOn(id)]).toEqual([id, { enriched: 'v1', processed: 'v1' }]);
  }
  expect(await boundTo('mend')).toBe('v1');
  expect(await rig.llmCalls('wait-1')).toBe(1);

  // Nothing needs it any more.
  await eventually('nothing runs on v1', async () => {
    const running = (await versions()).find(({ buildId }) => buildId === 'v1')?.running;
    return running === 0 || `${running} workflows`;
  });
  const bound = await headway({ ...rig.env, ...build('v2') }, ['replay', '--json']);
  expect(JSON.parse(bound.stdout)).toMatchObject({ replayed: 0 });
  await again.kill('SIGTERM');
  expect(await versions('--use-unversioned')).toContainEqual({ state: 'current', running: 0, workers: 0 });
});

test('jobs of workers without a version go on at the first version that becomes current', async () => {
  const plain = await rig.startWorker(build('v0'));
  await rig.startBridge(build('v0'));
  await rig.produce([job('wait-1', 'wait')]);
  const workflow = await workflowOf('wait-1');
  await eventually('it has begun', async () => {
    const { historyLength } = await rig.client.workflow.getHandle(workflow).describe();
    return historyLength > 4;
  });
  // So these are what the next build has to fit.
  const saved = join(folder, 'histories');
  const replayed = await headway({ ...rig.env, ...build('v1') }, ['replay', '--save', saved]);
  expect([replayed.code, replayed.stdout]).toEqual([0, '1 of 1 histories fit this build.\n']);
  const unfit = await headway(rig.env, ['replay', saved]);
  expect(unfit.code).toBe(1);
  expect(unfit.stdout).toContain(
    `History ${encodeURIComponent(workflow)} has job wait-1: there is no pipeline note any more`,
  );

  const v1 = await rig.startWorker(version('v1'));
  await v1.logged(/no version of \S+ is current/);
  await versions('--use', 'v1');
  await plain.kill('SIGTERM');
  writeFileSync(gate, '');
  expect(await whoWorkedOn('wait-1')).toEqual({ enriched: 'v1', processed: 'v1' });
});

test('calls that a versioned worker holds open are awaited there', async () => {
  const worker: HeadwayProcess = await rig.startWorker({ ...version('v1'), LLM_MODE: 'inline' });
  await worker.logged(/no version of \S+ is current/);
  await versions('--use', 'v1');
  await rig.startBridge(build('v1'));
  await rig.produce([job('one', 'at once')]);
  expect(await whoWorkedOn('one')).toEqual({ enriched: 'v1', processed: 'v1' });
  // A version may have 100 task queues in all its life, and each such process has one of its own.
  const { versionTaskQueues } = await rig.client.workflowService.describeWorkerDeploymentVersion({
    namespace: rig.client.options.namespace,
    deploymentVersion: { deploymentName: rig.name, buildId: 'v1' },
  });
  const names = new Set(versionTaskQueues.map(({ name }) => name));
  expect([...names].sort()).toEqual([rig.name, `${rig.name}-llm`]);
});
