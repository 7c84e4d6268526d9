import { eventually } from '../support/eventually';
import { briefs, idsOf } from '../support/rig';
import { useRig } from '../support/use-rig';

const rig = useRig();

/** Long enough to be killed in: 2 s at the scale of the test stack. */
const LONG = 'latency=100000';

const waiting = (ids: string[]) =>
  eventually('all calls are made', async () => {
    const calls = await Promise.all(ids.map((id) => rig.llmCalls(id)));
    return calls.every((count) => count > 0) || `${calls.filter(Boolean).length} of ${ids.length}`;
  });

/** The ids are in the history once the pack waits for answers. */
const packWaits = (count: number) =>
  eventually(`${count} packs wait for answers`, async () => {
    let awaiting = 0;
    const query = `TaskQueue = '${rig.name}' AND ExecutionStatus = 'Running'`;
    for await (const { workflowId } of rig.client.workflow.list({ query })) {
      const { raw } = await rig.client.workflow.getHandle(workflowId).describe();
      if (raw.pendingActivities?.some((activity) => activity.activityType?.name === 'awaitLlmCalls'))
        awaiting += 1;
    }
    return awaiting === count || `${awaiting} of ${count}`;
  });

test('a worker killed in the middle of LLM calls costs no second call: another one goes on with the same ids', async () => {
  const jobs = briefs(60, `${rig.name}-killed`, LONG);
  await rig.produce(jobs);
  const worker = await rig.startWorker();
  await rig.startBridge();
  await waiting(idsOf(jobs));
  await packWaits(2);
  await worker.kill('SIGKILL');
  await rig.startWorker();

  const results = await rig.resultsFor(idsOf(jobs));
  for (const [id, records] of results) {
    expect(records.map(({ result }) => result.status)).toEqual(['completed']);
    expect(await rig.llmCalls(id)).toBe(1);
  }
});

test('a worker killed in the middle of a single call costs no second one: its id stands in the heartbeat', async () => {
  const jobs = briefs(1, `${rig.name}-single`, LONG);
  const [id = ''] = idsOf(jobs);
  await rig.produce(jobs);
  const worker = await rig.startWorker();
  await rig.startBridge();
  await waiting([id]);
  await eventually('the id is durable', async () => {
    const query = `TaskQueue = '${rig.name}' AND ExecutionStatus = 'Running'`;
    for await (const { workflowId } of rig.client.workflow.list({ query })) {
      const { raw } = await rig.client.workflow.getHandle(workflowId).describe();
      const [activity] = raw.pendingActivities ?? [];
      if (activity?.activityType?.name === 'startLlmCalls' && activity.heartbeatDetails) return true;
    }
    return false;
  });
  await worker.kill('SIGKILL');
  await rig.startWorker();

  const [records] = (await rig.resultsFor([id])).values();
  expect(records?.map(({ result }) => result.status)).toEqual(['completed']);
  expect(await rig.llmCalls(id)).toBe(1);
});

test('a worker told to stop hands its calls on; nothing is recorded as cancelled', async () => {
  const jobs = briefs(10, `${rig.name}-stopped`, LONG);
  await rig.produce(jobs);
  const worker = await rig.startWorker();
  await rig.startBridge();
  await waiting(idsOf(jobs));
  await packWaits(1);
  await worker.kill('SIGTERM');
  await rig.startWorker();

  const results = await rig.resultsFor(idsOf(jobs));
  expect([...results.values()].flat().map(({ result }) => result.status)).toEqual(
    jobs.map(() => 'completed'),
  );
  expect(await Promise.all(idsOf(jobs).map((id) => rig.llmCalls(id)))).toEqual(jobs.map(() => 1));
});

test('inline: calls held open by a killed worker are made again by another, and only those', async () => {
  const inline = { LLM_MODE: 'inline' };
  const quick = briefs(5, `${rig.name}-quick`);
  const slow = briefs(5, `${rig.name}-slow`, LONG);
  await rig.produce([...quick, ...slow]);
  const worker = await rig.startWorker(inline);
  await rig.startBridge();
  await waiting(idsOf(slow));
  await rig.resultsFor(idsOf(quick));
  await worker.kill('SIGKILL');
  await rig.startWorker(inline);

  const results = await rig.resultsFor(idsOf(slow));
  const ends = [...results.values()].flat().map(({ result }) => result);
  expect(ends.map(({ status, usage }) => [status, usage.llmCalls])).toEqual(slow.map(() => ['completed', 2]));
  expect(await Promise.all(idsOf(quick).map((id) => rig.llmCalls(id)))).toEqual(quick.map(() => 1));
  expect(await Promise.all(idsOf(slow).map((id) => rig.llmCalls(id)))).toEqual(slow.map(() => 2));
});
