import { engineCost, untilClosed } from '../../../../bench/headway/cost/engine-cost';
import { briefs, idsOf } from '../../../support/rig';
import { useRig } from '../../../support/use-rig';

const rig = useRig();

async function workOn(prefix: string, count: number): Promise<void> {
  const jobs = briefs(count, `${rig.name}-${prefix}`, 'latency=0');
  await rig.produce(jobs, 0);
  await rig.resultsFor(idsOf(jobs));
  await untilClosed(rig.client, { taskQueue: rig.name, since: new Date(0) });
}

test('adds up what the workflows of some jobs have cost, without those that were started before', async () => {
  await Promise.all([rig.startWorker(), rig.startBridge({ PACK_MAX: '1' })]);
  await workOn('before', 2);
  const since = new Date();
  await workOn('after', 3);

  const costOf = (jobs: number, from: Date) =>
    engineCost(rig.client, { taskQueue: rig.name, since: from, jobs });
  const [after, all] = [await costOf(3, since), await costOf(5, new Date(0))];
  expect([after.workflows, all.workflows]).toEqual([3, 5]);
  // An empty workflow has 5 events and 3 transitions.
  expect(after.events).toBeGreaterThanOrEqual(3 * 5);
  expect(after.transitions).toBeGreaterThanOrEqual(3 * 3);
  expect(all.events).toBeGreaterThan(after.events);
  expect(all.transitions).toBeGreaterThan(after.transitions);
});
