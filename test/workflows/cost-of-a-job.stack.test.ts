import { briefs, idsOf } from '../support/rig';
import { useRig } from '../support/use-rig';

/**
 * Every state transition is a write to Temporal's database, 9-10 ms of CPU on the reference machine, and the counts are free of noise. The
 * LLM answers at once: with a longer call come its heartbeats.
 */
const rig = useRig();

const AT_ONCE = 'latency=0';

/** Of all workflows of this test, for each job. */
async function costOf(jobs: number): Promise<{ transitions: number; events: number }> {
  let transitions = 0;
  let events = 0;
  const query = `TaskQueue = '${rig.name}'`;
  for await (const { workflowId } of rig.client.workflow.list({ query })) {
    await rig.client.workflow.getHandle(workflowId).result();
    const { raw } = await rig.client.workflow.getHandle(workflowId).describe();
    transitions += Number(raw.workflowExecutionInfo?.stateTransitionCount);
    events += Number(raw.workflowExecutionInfo?.historyLength);
  }
  return { transitions: transitions / jobs, events: events / jobs };
}

test('a job that has a workflow for itself costs 8 state transitions and 15 history events', async () => {
  const jobs = briefs(5, rig.name, AT_ONCE);
  await rig.produce(jobs);
  await rig.startWorker();
  await rig.startBridge({ PACK_MAX: '1' });
  await rig.resultsFor(idsOf(jobs));
  const { transitions, events } = await costOf(jobs.length);
  expect(transitions).toBeGreaterThan(0);
  expect(transitions).toBeLessThanOrEqual(8);
  expect(events).toBeLessThanOrEqual(15);
});

test('fifty jobs of a pack cost less than one state transition each', async () => {
  const jobs = briefs(50, rig.name, AT_ONCE);
  await rig.produce(jobs, 0);
  await rig.startWorker();
  await rig.startBridge();
  await rig.resultsFor(idsOf(jobs));
  const { transitions, events } = await costOf(jobs.length);
  expect(transitions).toBeGreaterThan(0);
  expect(transitions).toBeLessThan(1);
  expect(events).toBeLessThan(2);
});
