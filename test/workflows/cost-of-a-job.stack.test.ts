import { briefs, idsOf } from '../support/rig';
import { useRig } from '../support/use-rig';

/**
 * Every state transition is a write to Temporal's database, 9-10 ms of CPU on the reference machine, and the counts are free of noise. The
 * LLM answers at once: with a longer call come its heartbeats.
 */
const rig = useRig();

const AT_ONCE = 'latency=0';

interface Cost {
  transitions: number;
  events: number;
}

/** Of each workflow that carried these jobs, once all have their results. */
async function costs(jobs: { id: string }[]): Promise<Cost[]> {
  const records = [...(await rig.resultsFor(idsOf(jobs))).values()].flat();
  const workflowIds = new Set(records.map(({ result }) => result.workflow.id));
  return await Promise.all(
    [...workflowIds].map(async (workflowId) => {
      const handle = rig.client.workflow.getHandle(workflowId);
      await handle.result();
      const { stateTransitionCount, historyLength } = (await handle.describe()).raw.workflowExecutionInfo!;
      return { transitions: Number(stateTransitionCount), events: Number(historyLength) };
    }),
  );
}

test('a job that has a workflow for itself costs 8 state transitions and 15 history events', async () => {
  const jobs = briefs(5, rig.name, AT_ONCE);
  await rig.produce(jobs);
  await rig.startWorker();
  await rig.startBridge({ PACK_MAX: '1' });
  const found = await costs(jobs);
  expect(found).toHaveLength(jobs.length);
  // The median: trouble of the machine, such as a task that timed out, only ever adds.
  found.sort((a, b) => a.transitions - b.transitions);
  expect(found[jobs.length >> 1]).toEqual({ transitions: 8, events: 15 });
});

test('fifty jobs of a pack cost less than one state transition each', async () => {
  const jobs = briefs(50, rig.name, AT_ONCE);
  await rig.produce(jobs, 0);
  await rig.startWorker();
  await rig.startBridge();
  const found = await costs(jobs);
  const total = (what: keyof Cost) => found.reduce((sum, one) => sum + one[what], 0);
  expect(total('transitions')).toBeGreaterThan(0);
  expect(total('transitions')).toBeLessThan(jobs.length);
  expect(total('events')).toBeLessThan(2 * jobs.length);
});
