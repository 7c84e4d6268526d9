import { deadLetterHeaders } from '../../../contracts/headers';
import { eventually } from '../../support/eventually';
import { packsOf, repeatedJobs } from '../../support/packs';
import { briefs, idsOf } from '../../support/rig';
import { useRig } from '../../support/use-rig';

const rig = useRig();

/** Visibility follows the starts with a little delay. */
async function packsCovering(count: number) {
  await eventually(`${count} jobs in packs`, async () => {
    const jobs = (await packsOf(rig.client, rig.queue)).flatMap((pack) => pack.jobIds);
    return new Set(jobs).size >= count || `${new Set(jobs).size} of ${count}`;
  });
  return packsOf(rig.client, rig.queue);
}

const committedUpTo = (offset: number, group?: string) =>
  eventually(`committed offset ${offset}`, async () => {
    const [committed] = await rig.committed(group);
    return committed === offset || `it is ${committed}`;
  });

test('every record is in one pack and the offset is committed at once, with no worker anywhere', async () => {
  const jobs = briefs(120, 'all');
  await rig.produce(jobs);
  await rig.startBridge();
  await committedUpTo(120);
  const packs = await packsCovering(120);
  expect(packs.flatMap((pack) => pack.jobIds)).toEqual(idsOf(jobs));
  expect(Math.max(...packs.map((pack) => pack.jobIds.length))).toBe(50);
});

test('PACK_MAX=1 starts a workflow for each job', async () => {
  const jobs = briefs(5, 'single');
  await rig.produce(jobs);
  await rig.startBridge({ PACK_MAX: '1' });
  await committedUpTo(5);
  expect((await packsCovering(5)).map((pack) => pack.jobIds)).toEqual(idsOf(jobs).map((id) => [id]));
});

test('records that cannot be jobs become dead letters, unchanged, and the jobs around them go on', async () => {
  const [before, after] = briefs(2, 'around');
  const notUtf8 = Buffer.from([0xff, 0xfe, 0x00]);
  await rig.produceRaw([
    'not JSON',
    JSON.stringify(before),
    null,
    notUtf8,
    JSON.stringify(after),
    '{"pipeline":"none"}',
  ]);
  await rig.startBridge();
  await committedUpTo(6);
  const packs = await packsCovering(2);
  expect(packs.flatMap((pack) => pack.jobIds)).toEqual(['around-0', 'around-1']);
  await eventually('four dead letters', () => rig.deadLetters.length === 4);
  expect(rig.deadLetters.map(({ headers }) => headers[deadLetterHeaders.class])).toEqual([
    'HW_RECORD_NOT_JSON',
    'HW_RECORD_EMPTY',
    'HW_RECORD_NOT_UTF8',
    'HW_JOB_INVALID',
  ]);
  expect(rig.deadLetters[2]?.value?.equals(notUtf8)).toBe(true);
  expect(rig.deadLetters[1]?.headers[deadLetterHeaders.offset]).toBe('2');
});

test('after a reset of the group to the beginning no record is in a second pack', async () => {
  const jobs = briefs(130, 'reset');
  await rig.produce(jobs);
  const bridge = await rig.startBridge();
  await committedUpTo(130);
  await bridge.kill('SIGTERM');
  await rig.admin.setOffsets({
    groupId: rig.group,
    topic: rig.queue,
    partitions: [{ partition: 0, offset: '0' }],
  });
  const packsBefore = await packsCovering(130);

  await rig.startBridge({ PACK_MAX: '7' });
  await committedUpTo(130);
  expect(await packsCovering(130)).toEqual(packsBefore);
});

test('after a reset into the middle of a pack the bridge goes on behind that pack', async () => {
  await rig.produce(briefs(40, 'middle'));
  const bridge = await rig.startBridge();
  await committedUpTo(40);
  const packsBefore = await packsCovering(40);
  await bridge.kill('SIGTERM');
  await rig.admin.setOffsets({
    groupId: rig.group,
    topic: rig.queue,
    partitions: [{ partition: 0, offset: '17' }],
  });

  await rig.produce(briefs(3, 'later'));
  await rig.startBridge();
  await committedUpTo(43);
  const packs = await packsCovering(43);
  expect(repeatedJobs(packs)).toEqual([]);
  expect(packs.slice(0, packsBefore.length)).toEqual(packsBefore);
});

test('a topic made anew starts over: its records are new jobs, though their offsets are known', async () => {
  await rig.produce(briefs(30, 'old'));
  const bridge = await rig.startBridge();
  await committedUpTo(30);
  await bridge.kill('SIGTERM');
  await packsCovering(30);
  await rig.admin.deleteTopics({ topics: [rig.queue] });
  await eventually('the topic is gone', async () => !(await rig.admin.listTopics()).includes(rig.queue));
  await rig.admin.createTopics({ topics: [{ topic: rig.queue, numPartitions: 1, replicationFactor: 1 }] });

  await rig.produce(briefs(20, 'new'));
  // Into the middle of what used to be a pack, where only the timestamps tell the two topics apart.
  await rig.admin.setOffsets({
    groupId: rig.group,
    topic: rig.queue,
    partitions: [{ partition: 0, offset: '5' }],
  });
  await rig.startBridge();
  await committedUpTo(20);
  const started = (await packsCovering(45))
    .flatMap((pack) => pack.jobIds)
    .filter((id) => id.startsWith('new'));
  expect(started).toEqual(idsOf(briefs(20, 'new')).slice(5));
});

test('a second bridge that still believes it owns the partition can neither overlap nor leave a gap', async () => {
  // Two groups: each bridge is given every record, and neither knows of the other.
  const first = await rig.startBridge({ PACK_MAX: '7' });
  const second = await rig.startBridge({ PACK_MAX: '11', KAFKA_GROUP_ID: `${rig.group}-zombie` });
  const jobs = briefs(300, 'zombie');
  for (let from = 0; from < jobs.length; from += 25) await rig.produce(jobs.slice(from, from + 25));
  await committedUpTo(300);
  await committedUpTo(300, `${rig.group}-zombie`);
  const packs = await packsCovering(300);
  expect(repeatedJobs(packs)).toEqual([]);
  expect(packs.flatMap((pack) => pack.jobIds)).toEqual(idsOf(jobs));
  // Otherwise the two never met, and the test shows nothing.
  expect(first.log() + second.log()).toContain('pack was started already');
});

test('killed in the middle of a batch, the bridge has committed nothing that is not durable', async () => {
  const jobs = briefs(400, 'killed');
  await rig.produce(jobs);
  const bridge = await rig.startBridge({ PACK_MAX: '3' });
  await eventually('some packs are started', () => (bridge.log().match(/pack started/g) ?? []).length >= 8);
  await bridge.kill('SIGKILL');
  const [committed = -1] = await rig.committed();
  // Whatever was committed must be in packs: asked of the server directly, since visibility lags.
  const durable = await packsCovering(Math.max(committed, 0));
  expect(Math.max(...durable.map((pack) => pack.lastOffset))).toBeGreaterThanOrEqual(committed - 1);
  expect(committed).toBeLessThan(400);

  await rig.startBridge({ PACK_MAX: '50' });
  await committedUpTo(400);
  const packs = await packsCovering(400);
  expect(packs.flatMap((pack) => pack.jobIds)).toEqual(idsOf(jobs));
});
