import { briefs, idsOf } from '../support/rig';
import { useRig } from '../support/use-rig';

/**
 * Every state transition is a write to Temporal's database, 9-10 ms of CPU on the reference machine, and the counts are free of noise. The
 * LLM answers at once: with a longer call come its heartbeats.
 */
const rig = useRig();

const AT_ONCE = 'latency=0';

/** Of each workflow of this test, the cheapest first: trouble of the machine, such as a task that timed out, only ever adds. */
async function costs(): Promise<{ transitions: number; events: number }[]> {
  const found: { transitions: number; events: number }[] = [];
  const query = `TaskQueue = '${rig.name}'`;
  for await (const { workflowId } of rig.client.workflow.list({ query })) {
    await rig.client.workflow.getHandle(workflowId).result();
    const { raw } = await rig.client.workflow.getHandle(workflowId).describe();
    const { stateTransitionCount, historyLength } = raw.workflowExecutionInfo ?? {};
    found.push({ transitions: Number(stateTransitionCount), events: Number(historyLength) });
  }
  return found.sort((a, b) => a.transitions - b.transitions);
}

test('a job that has a workflow for itself costs 8 state transitions and 15 history events', async () => {
  const jobs = briefs(5, rig.name, AT_ONCE);
  await rig.produce(jobs);
  await rig.startWorker();
  await rig.startBridge({ PACK_MAX: '1' });
  await rig.resultsFor(idsOf(jobs));
  const found = await costs();
  expect(found).toHaveLength(jobs.length);
  expect(found[jobs.length >> 1]).toEqual({ transitions: 8, events: 15 });
});

test('fifty jobs of a pack cost less than one state transition each', async () => {
  const jobs = briefs(50, rig.name, AT_ONCE);
  await rig.produce(jobs, 0);
  await rig.startWorker();
  await rig.startBridge();
  await rig.resultsFor(idsOf(jobs));
  const total = (what: 'transitions' | 'events') => found.reduce((sum, one) => sum + one[what], 0);
  const found = await costs();
  expect(total('transitions')).toBeGreaterThan(0);
  expect(total('transitions')).toBeLessThan(jobs.length);
  expect(total('events')).toBeLessThan(2 * jobs.length);
});
