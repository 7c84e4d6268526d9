import { eventually } from '../support/eventually';
import { recordHistory } from '../support/record-history';
import { briefs, idsOf } from '../support/rig';
import { useRig } from '../support/use-rig';
import { jobIdOf } from '../../contracts/ids';

const rig = useRig();

const one = <T>(list: T[] | undefined): T => {
  if (list?.length !== 1) throw new Error(`expected one, got ${list?.length}`);
  return list[0] as T;
};

test('each job ends once, in its own way, and trouble of one holds up none of its pack', async () => {
  const prefix = rig.name;
  const jobs = [
    ...briefs(4, `${prefix}-fine`),
    ...briefs(1, `${prefix}-refused`, 'refusal'),
    ...briefs(1, `${prefix}-mended`, 'malformed times=1'),
    ...briefs(1, `${prefix}-hopeless`, 'malformed'),
    ...briefs(1, `${prefix}-limited`, 'rate_limit times=1 retry_after=300'),
    ...briefs(1, `${prefix}-broken`, 'server_error times=2'),
    ...briefs(1, `${prefix}-cut`, 'incomplete'),
    { ...one(briefs(1, `${prefix}-late`)), deadline: '2020-01-01T00:00:00Z' },
  ];
  await rig.produce(jobs);
  await rig.startWorker();
  await rig.startBridge();
  const results = await rig.resultsFor(idsOf(jobs));
  const end = (name: string) => one(results.get(`${prefix}-${name}-0`)).result;

  expect(rig.results).toHaveLength(jobs.length);
  const pack = end('fine').workflow.id;
  expect(end('fine')).toMatchObject({ status: 'completed', usage: { llmCalls: 1 }, workflow: { id: pack } });
  expect(end('fine').output).toMatchObject({ sources: expect.any(Array), consulted: expect.any(Array) });
  expect(end('refused')).toMatchObject({
    status: 'failed',
    error: { stage: 'call-llm', type: 'HW_LLM_REFUSED', attempts: 1 },
    workflow: { id: pack },
  });
  expect(end('cut').error).toMatchObject({ type: 'HW_LLM_INCOMPLETE' });
  expect(end('limited')).toMatchObject({ status: 'completed', workflow: { id: pack } });
  expect(end('late')).toMatchObject({
    status: 'expired',
    error: { type: 'HW_DEADLINE_EXCEEDED' },
    usage: { llmCalls: 0 },
  });
  // Those that need care go on under their own ids.
  expect(end('mended')).toMatchObject({
    status: 'completed',
    usage: { llmCalls: 2 },
    workflow: { id: `${prefix}-mended-0` },
  });
  expect(end('hopeless')).toMatchObject({
    status: 'failed',
    error: { type: 'HW_LLM_BAD_ANSWER', attempts: 3 },
    workflow: { id: `${prefix}-hopeless-0` },
  });
  expect(end('broken')).toMatchObject({
    status: 'completed',
    usage: { llmCalls: 1 },
    workflow: { id: `${prefix}-broken-0` },
  });

  const statusOf = async (workflowId: string) =>
    (await rig.client.workflow.getHandle(workflowId).describe()).status.name;
  await eventually('the pack has ended', async () => (await statusOf(pack)) === 'COMPLETED');
  expect(await statusOf(`${prefix}-mended-0`)).toBe('COMPLETED');
  expect(await statusOf(`${prefix}-hopeless-0`)).toBe('FAILED');
  await recordHistory(rig.client, pack, 'pack-of-many');
  await recordHistory(rig.client, `${prefix}-mended-0`, 'job-mended');
  await recordHistory(rig.client, `${prefix}-hopeless-0`, 'job-failed');
  expect(await rig.client.workflow.getHandle(pack).result()).toEqual({
    completed: 5,
    failed: 2,
    cancelled: 0,
    expired: 1,
    left: 3,
  });
});

test('a job alone in its pack that fails shows as failed, and can be found by its job id', async () => {
  await rig.produce([{ ...one(briefs(1, 'x', 'refusal')), id: undefined }]);
  await rig.startWorker();
  await rig.startBridge();
  await eventually('a result', () => rig.results.length === 1);
  const { result } = one(rig.results);
  if (result.source.door !== 'kafka') throw new Error('not from Kafka');
  expect(result.id).toBe(jobIdOf(result.source));

  const query = `HeadwayJobIds = '${result.id}' AND HeadwayPipelines = 'company-brief' AND HeadwayStatus = 'failed'`;
  await eventually('the failed workflow is found', async () => {
    for await (const found of rig.client.workflow.list({ query })) {
      return found.workflowId === result.workflow.id && found.status.name === 'FAILED';
    }
    return 'nothing found';
  });
  await recordHistory(rig.client, result.workflow.id, 'pack-of-one-failed');
});

test('a cancelled workflow publishes cancelled results for what had not ended, and stops the LLM calls', async () => {
  const [quick, ...slow] = [
    ...briefs(1, `${rig.name}-quick`),
    ...briefs(3, `${rig.name}-slow`, 'latency=2000000'),
  ];
  if (!quick) throw new Error('no job');
  await rig.produce([quick, ...slow]);
  await rig.startWorker();
  await rig.startBridge();
  const { result } = one((await rig.resultsFor([quick.id])).get(quick.id));
  await rig.client.workflow.getHandle(result.workflow.id).cancel();

  const results = await rig.resultsFor(idsOf(slow));
  for (const id of idsOf(slow)) {
    expect(one(results.get(id)).result).toMatchObject({
      status: 'cancelled',
      error: { type: 'HW_JOB_CANCELLED' },
    });
  }
  await eventually('the workflow is cancelled', async () => {
    const { status } = await rig.client.workflow.getHandle(result.workflow.id).describe();
    return status.name === 'CANCELLED';
  });
  await recordHistory(rig.client, result.workflow.id, 'pack-cancelled');
  expect(rig.results.map(({ key }) => key).sort()).toEqual([quick.id, ...idsOf(slow)].sort());
});

test('where each job stands can be asked of its workflow', async () => {
  const [job] = briefs(1, `${rig.name}-asked`, 'latency=100000');
  if (!job) throw new Error('no job');
  await rig.produce([job]);
  await rig.startWorker();
  await rig.startBridge();
  await eventually('the call is made', async () => (await rig.llmCalls(job.id)) === 1);
  let workflowId = '';
  for await (const found of rig.client.workflow.list({ query: `TaskQueue = '${rig.name}'` }))
    ({ workflowId } = found);
  const views = await rig.client.workflow.getHandle(workflowId).query('jobs');
  expect(views).toMatchObject([{ id: job.id, stage: 'call-llm', status: 'running', llmAttempts: 1 }]);
  await rig.resultsFor([job.id]);
});
