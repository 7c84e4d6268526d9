import { briefs, idsOf } from '../support/rig';
import { useRig } from '../support/use-rig';

const rig = useRig({ partitions: 4 });

test('300 jobs and one that takes thirty times as long: nobody else waits for it', async () => {
  const others = briefs(299, `${rig.name}-job`);
  const [straggler] = briefs(1, `${rig.name}-straggler`, 'latency=1000000');
  if (!straggler) throw new Error('no straggler');
  await rig.startWorker();
  await rig.startBridge();
  await rig.produce([...others.slice(0, 10), straggler, ...others.slice(10)]);

  await rig.resultsFor(idsOf(others));
  // 20 s at the scale of the test stack: it cannot have ended by then, and it shares a pack with some of them.
  expect(rig.results.map(({ key }) => key)).not.toContain(straggler.id);
  const results = await rig.resultsFor([...idsOf(others), straggler.id]);
  expect(rig.results).toHaveLength(300);
  const [last] = results.get(straggler.id) ?? [];
  expect(last?.result.status).toBe('completed');
  const shared = rig.results.filter(({ result }) => result.workflow.id === last?.result.workflow.id);
  expect(shared.length).toBeGreaterThan(1);
  expect(rig.results.at(-1)?.key).toBe(straggler.id);
});
