import { engineCost, untilClosed, type EngineCost } from '../../bench/headway/cost/engine-cost';
import { briefs, idsOf } from '../support/rig';
import { useRig } from '../support/use-rig';

/** State transitions are what a job costs Temporal, and history events what it keeps of it. Whoever makes one less, writes it here. */
const most = {
  packOfOne: { transitions: 12, events: 21 },
  /** Of 50 jobs together. */
  packOf50: { transitions: 50, events: 50 },
};

const rig = useRig();

/** Sends jobs whose LLM calls are answered at once, all of which are on the topic before the bridge reads the first. */
async function costOf(count: number): Promise<EngineCost> {
  const since = new Date(0);
  const jobs = briefs(count, `${rig.name}-job`, 'latency=0');
  await rig.produce(jobs, 0);
  await Promise.all([rig.startWorker(), rig.startBridge({ PACK_MAX: '50' })]);
  await rig.resultsFor(idsOf(jobs));
  expect(rig.results.map(({ result }) => result.status)).toEqual(jobs.map(() => 'completed'));
  const workflows = { taskQueue: rig.name, since };
  await untilClosed(rig.client, workflows);
  return engineCost(rig.client, { ...workflows, jobs: count });
}

test('a job in a workflow of its own costs no more transitions and events than it has to', async () => {
  const cost = await costOf(1);
  expect(cost.workflows).toBe(1);
  expect(cost.transitions).toBeLessThanOrEqual(most.packOfOne.transitions);
  expect(cost.events).toBeLessThanOrEqual(most.packOfOne.events);
  // Nothing that was counted wrongly would cost as much as a workflow that does nothing.
  expect(cost.transitions).toBeGreaterThanOrEqual(3);
  expect(cost.events).toBeGreaterThanOrEqual(5);
});

test('jobs in a full pack cost a transition and an event each at most', async () => {
  const cost = await costOf(50);
  expect(cost.workflows).toBe(1);
  expect(cost.transitions).toBeLessThanOrEqual(most.packOf50.transitions);
  expect(cost.events).toBeLessThanOrEqual(most.packOf50.events);
});
