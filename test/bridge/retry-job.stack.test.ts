import { createJobRetry, type JobRetry } from '../../bridge/retry-job';
import { createPackStarter } from '../../bridge/start-pack';
import type { JobResult } from '../../contracts/job-result';
import { isNewer, runNumber } from '../../contracts/result-runs';
import { PROCESS_JOB, PROCESS_PACK } from '../../contracts/workflow-names';
import { pipelineNamed } from '../../pipelines/registry';
import { eventually } from '../support/eventually';
import { endProcesses } from '../support/processes';
import { recordHistory } from '../support/record-history';
import { briefs, createRig, idsOf, type Rig } from '../support/rig';

let rig: Rig;
let retry: JobRetry;
let queues: { taskQueue: string; llmTaskQueue: string };

beforeAll(async () => {
  rig = await createRig();
  queues = { taskQueue: rig.name, llmTaskQueue: `${rig.name}-llm` };
  retry = createJobRetry({ client: rig.client, pipelineNamed, ...queues });
  await rig.startWorker();
  await rig.startBridge();
});

afterAll(async () => {
  await endProcesses();
  await rig.close();
});

const brief = (name: string, directive?: string) => {
  const [job] = briefs(1, `${rig.name}-${name}`, directive);
  if (!job) throw new Error('no job');
  return job;
};

/** All results of a job once there are so many, oldest first. */
async function resultsOf(id: string, count: number): Promise<JobResult[]> {
  const found = () => rig.results.filter(({ key }) => key === id).map(({ result }) => result);
  await eventually(`${count} results of ${id}`, () => found().length >= count || `${found().length}`);
  return found();
}

async function closed(workflowId: string): Promise<void> {
  const handle = rig.client.workflow.getHandle(workflowId);
  await eventually(
    `${workflowId} has ended`,
    async () => (await handle.describe()).status.name !== 'RUNNING',
  );
}

test('jobs that failed in a pack, or after they left it, run again under their own ids; the new result is marked', async () => {
  const inPack = { ...brief("it's-refused", 'refusal times=1'), tenant: 'research', priority: 2 };
  const left = brief('hopeless', 'malformed times=3');
  const fine = brief('fine');
  await rig.produce([inPack, left, fine]);
  await rig.resultsFor(idsOf([inPack, left, fine]));
  await closed(left.id);

  for (const { id } of [inPack, left]) {
    const [first] = await resultsOf(id, 1);
    if (!first) throw new Error('no result');
    expect(first).toMatchObject({ status: 'failed' });
    expect(first).not.toHaveProperty('run');
    // Whether it could be run again is asked without running it.
    await retry.check(first);
    // By its id alone, as a person types it, and from its result, as a redrive has it.
    const started = await retry.run(id === left.id ? first : id);
    expect(started).toMatchObject({ jobId: id, run: { number: 2, replaces: first.workflow } });

    const [, second] = await resultsOf(id, 2);
    if (!second) throw new Error('no second result');
    expect(second).toMatchObject({
      status: 'completed',
      source: first.source,
      run: { number: 2, replaces: first.workflow },
      workflow: { id, runId: started.workflow.runId },
    });
    expect([isNewer(second, first), isNewer(first, second)]).toEqual([true, false]);
  }

  const { raw } = await rig.client.workflow.getHandle(inPack.id).describe();
  expect(raw.workflowExecutionInfo?.priority).toMatchObject({ priorityKey: 2, fairnessKey: 'research' });

  // Temporal UI shows all runs of an id; a run whose id was the pack's is led to by its details and memo.
  const runs: string[] = [];
  await eventually('both runs are listed', async () => {
    runs.length = 0;
    const query = `WorkflowId = '${left.id}' AND WorkflowType = '${PROCESS_JOB}'`;
    for await (const { status } of rig.client.workflow.list({ query })) runs.push(status.name);
    return runs.length === 2 && !runs.includes('RUNNING');
  });
  expect(runs.sort()).toEqual(['COMPLETED', 'FAILED']);
  await recordHistory(rig.client, left.id, 'job-run-again');
  const { workflow } = (await resultsOf(inPack.id, 1))[0] ?? {};
  const described = await rig.client.workflow.getHandle(inPack.id).describe();
  expect(described.type).toBe(PROCESS_JOB);
  expect(described.memo).toEqual({ run: { number: 2, replaces: workflow } });
  expect(await described.staticDetails()).toContain(`/workflows/${workflow?.id}/${workflow?.runId}/history`);
  expect(await described.staticSummary()).toBe(`job ${inPack.id} · company-brief · run 2`);
});

test('a run that fails again can be followed by a third', async () => {
  const job = brief('twice', 'refusal times=2');
  await rig.produce([job]);
  await resultsOf(job.id, 1);
  const second = await retry.run(job.id);
  await resultsOf(job.id, 2);
  await closed(job.id);
  const third = await retry.run(job.id);
  expect(third.run).toEqual({ number: 3, replaces: second.workflow });
  const results = await resultsOf(job.id, 3);
  expect(results.map(runNumber)).toEqual([1, 2, 3]);
  expect(results.map(({ status }) => status)).toEqual(['failed', 'failed', 'completed']);
  // What somebody else read before is out of date now.
  const [first] = results;
  await closed(job.id);
  await expect(retry.run(first as JobResult)).rejects.toMatchObject({ code: 'HW_JOB_NOT_FAILED' });
});

test('a job that runs, has completed or is not known is left alone', async () => {
  const [slow, fine] = [brief('slow', 'latency=1000000'), brief('done')];
  await rig.produce([slow, fine]);
  await resultsOf(fine.id, 1);
  await expect(retry.run(slow.id)).rejects.toMatchObject({ code: 'HW_JOB_RUNNING' });
  await expect(retry.check(slow.id)).rejects.toMatchObject({ code: 'HW_JOB_RUNNING' });
  await expect(retry.run(fine.id)).rejects.toMatchObject({ code: 'HW_JOB_NOT_FAILED' });
  await expect(retry.run('no-such-job')).rejects.toMatchObject({ code: 'HW_JOB_UNKNOWN' });

  const again = brief('again', 'refusal times=1');
  await rig.produce([{ ...again, metadata: { note: 'x' } }]);
  const [first] = await resultsOf(again.id, 1);
  // Two people at once: one run.
  const both = await Promise.allSettled([retry.run(again.id), retry.run(first as JobResult)]);
  expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  const [, second] = await resultsOf(again.id, 2);
  expect(second).toMatchObject({ status: 'completed', metadata: { note: 'x' } });
});

test('a pack that has the job id as its own, as those of the HTTP door have, is followed by a run under the same id', async () => {
  const startPack = createPackStarter({ client: rig.client, pipelineNamed, ...queues });
  const source = { door: 'http', timestamp: Date.now() } as const;
  for (const [name, directive] of [
    ['inside', 'refusal times=1'],
    // Its own id is taken by the pack when it leaves.
    ['beside', 'malformed times=3'],
  ] as const) {
    const job = { ...brief(name, directive), source };
    await startPack({ workflowId: job.id, jobs: [job] });
    const [first] = await resultsOf(job.id, 1);
    await closed(first?.workflow.id ?? '');
    await closed(job.id);
    expect(first?.workflow.id.startsWith(job.id)).toBe(true);
    expect((await rig.client.workflow.getHandle(job.id).describe()).type).toBe(PROCESS_PACK);
    const { run } = await retry.run(job.id);
    expect(run).toEqual({ number: 2, replaces: first?.workflow });
    const [, second] = await resultsOf(job.id, 2);
    expect(second).toMatchObject({ status: 'completed', run, workflow: { id: job.id } });
  }
});
