import { eventually } from '../../../support/eventually';
import { group, topics, type World } from '../world';
import { NoEffect } from './fault';
import { allUp, killWithin } from './waiting';

/** How many members the group of the bridges has. */
export async function members(world: World): Promise<number> {
  const { groups } = await world.admin.describeGroups([group]);
  return groups[0]?.members.length ?? 0;
}

/** By partition, the next offset the group will read; without those it has committed nothing of. */
export async function committedOffsets(world: World): Promise<Map<number, number>> {
  const [committed] = await world.admin.fetchOffsets({ groupId: group, topics: [topics.queue] });
  const known = (committed?.partitions ?? []).filter(({ offset }) => Number(offset) >= 0);
  return new Map(known.map(({ partition, offset }) => [partition, Number(offset)]));
}

/** Of each partition: how far the group has come, and where the log ends. */
export async function positions(
  world: World,
): Promise<{ partition: number; begin: number; committed: number; end: number }[]> {
  const committed = await committedOffsets(world);
  const ends = await world.admin.fetchTopicOffsets(topics.queue);
  return ends.map(({ partition, low, high }) => ({
    partition,
    begin: Number(low),
    committed: committed.get(partition) ?? Number(low),
    end: Number(high),
  }));
}

/** Stops the bridges so that the group is empty, changes its offsets, and lets them go on. */
export async function whileGroupIsEmpty<T>(world: World, change: () => Promise<T>): Promise<T> {
  for (const bridge of world.bridges) bridge.pauseRestarts();
  try {
    // Who leaves in order is gone at once, and not only after the session timeout.
    await Promise.all(world.bridges.map((bridge) => killWithin(bridge, 'SIGTERM')));
    await eventually('the group is empty', async () => (await members(world)) === 0, 60_000);
    return await change();
  } finally {
    for (const bridge of world.bridges) bridge.resumeRestarts();
    await allUp(world.bridges);
  }
}

/**
 * Sets the group to `fraction` of the way from the beginning of each partition to what is committed. Returns how many records
 * will be read again.
 */
export async function resetOffsets(world: World, fraction: number): Promise<number> {
  const changes = (await positions(world)).map(({ partition, begin, committed }) => ({
    partition,
    offset: begin + Math.floor((committed - begin) * fraction),
    again: committed - begin - Math.floor((committed - begin) * fraction),
  }));
  const again = changes.reduce((sum, change) => sum + change.again, 0);
  if (again === 0) throw new NoEffect('nothing had been committed that could be read again');
  const partitions = changes.map(({ partition, offset }) => ({ partition, offset: String(offset) }));
  await world.admin.setOffsets({ groupId: group, topic: topics.queue, partitions });
  const now = await committedOffsets(world);
  const refused = changes.filter(({ partition, offset }) => now.get(partition) !== offset);
  if (refused.length > 0)
    throw new NoEffect(`Kafka has not taken the offsets of ${refused.length} partitions`);
  return again;
}
