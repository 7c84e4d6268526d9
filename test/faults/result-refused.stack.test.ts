import { briefs, idsOf } from '../support/rig';
import { useRig } from '../support/use-rig';
import { configureTopic } from './suite/configure-topic';

const rig = useRig();

test('a result that the topic refuses for its size waits until it is taken, and is no other then; smaller ones do not wait', async () => {
  const limit = (bytes: string) =>
    configureTopic(rig.admin, rig.env.RESULTS_TOPIC!, 'max.message.bytes', bytes);
  const [small] = briefs(1, 'small', 'refusal');
  const large = briefs(5, 'large');
  await rig.startBridge();
  const worker = await rig.startWorker();
  // The worker has read what the topic takes. From now on it takes less.
  const usual = await limit('2000');
  await rig.produce([small!, ...large], 0);
  await rig.resultsFor([small!.id]);
  await worker.logged(/the results topic refuses this result for its size/);
  expect(rig.results.map(({ key, result }) => [key, result.status])).toEqual([[small!.id, 'failed']]);

  await limit(usual ?? '1048588');
  const results = await rig.resultsFor(idsOf(large));
  expect([...results.values()].map((records) => records.map(({ result }) => result.status))).toEqual(
    large.map(() => ['completed']),
  );
});
