import { eventually } from '../../../support/eventually';
import type { KeptProcess } from '../keep-running';
import { group, type World } from '../world';
import { NoEffect, type Fault } from './fault';
import { committedOffsets, members, positions, resetOffsets, whileGroupIsEmpty } from './group';
import { handOver } from './resources';
import { allUp, killOneThatIsUp, killWithin, sign, times } from './waiting';

const STORM_MS = 45_000;

/** Faults 1 and 5 of the matrix: bridges that die, freeze, come and go. */
export const bridgeFaults: Fault[] = [
  {
    name: 'bridge-killed',
    about: 'a bridge SIGKILLed three times, at random moments',
    needs: ['bridges'],
    async strike({ world, random }) {
      const killed: string[] = [];
      for (let time = 0; time < times(world, 3); time++) {
        const bridge = random.pick(world.bridges);
        await killOneThatIsUp(bridge, 'SIGKILL');
        killed.push(bridge.name);
        await world.last(random.integer(1_000, 6_000));
      }
      return `killed: ${killed.join(', ')}`;
    },
  },
  {
    name: 'bridge-killed-before-commit',
    about: 'every bridge SIGKILLed after its starts, its commit request held back for ever',
    needs: handOver,
    strike: ({ world }) => killAtCommit(world, 'request'),
  },
  {
    name: 'bridge-killed-before-commit-answer',
    about: 'every bridge SIGKILLed between a commit request, which Kafka gets, and its answer',
    needs: handOver,
    strike: ({ world }) => killAtCommit(world, 'answer'),
  },
  {
    name: 'bridge-terminated',
    about: 'a bridge SIGTERMed and started again, as in a deployment',
    needs: ['bridges'],
    async strike({ world }) {
      for (const bridge of world.bridges) {
        await killOneThatIsUp(bridge, 'SIGTERM');
        await allUp([bridge]);
      }
      return `${world.bridges.length} ended, and came back`;
    },
  },
  {
    name: 'bridge-frozen',
    about: 'a bridge SIGSTOPped in the middle of its starts until others own its partitions, then let go',
    needs: handOver,
    strike: ({ world, random }) => freezeInStarts(world, random.integer(0, world.bridges.length - 1)),
  },
  {
    name: 'rebalance-storm',
    about: 'bridges join and leave every few seconds, in both ways of leaving',
    needs: handOver,
    async strike({ world, random }) {
      const guests: KeptProcess[] = [];
      const until = Date.now() + STORM_MS * world.options.faultScale;
      let left = 0;
      try {
        // Each has joined the group before it leaves, or there would be no rebalance.
        for (let guest = 1; Date.now() < until || left < 2; guest++) {
          guests.push(await world.startBridge(`guest-${guest}`));
          await allUp(guests);
          await world.last(random.integer(2_000, 4_000));
          if (guests.length > 2 || Date.now() >= until) {
            await guests.shift()?.leave(random.pick(['SIGTERM', 'SIGKILL']));
            left++;
          }
        }
      } finally {
        left += guests.length;
        for (const guest of guests) await guest.leave('SIGTERM');
      }
      return `${left} bridges joined the group and left it`;
    },
  },
  {
    name: 'more-bridges-than-partitions',
    about: 'three bridges more than the topic has partitions',
    needs: handOver,
    async strike({ world }) {
      const all = world.options.partitions + 3;
      const guests: KeptProcess[] = [];
      try {
        for (let guest = 1; guest <= all - world.bridges.length; guest++)
          guests.push(await world.startBridge(`extra-${guest}`));
        await allUp(guests);
        await sign(`the group has ${all} members`, async () => (await members(world)) >= all);
        await world.last(30_000);
      } finally {
        for (const guest of guests) await guest.leave('SIGKILL');
      }
      return `${all} members for ${world.options.partitions} partitions`;
    },
  },
  {
    name: 'offsets-reset-to-beginning',
    about: 'the offsets of the group set back to the beginning',
    needs: handOver,
    async strike({ world }) {
      const again = await whileGroupIsEmpty(world, () => resetOffsets(world, 0));
      return `${again} records again`;
    },
  },
  {
    name: 'offsets-reset-into-packs',
    about: 'the offsets of the group set back to a random place, three times',
    needs: handOver,
    async strike({ world, random }) {
      const again: number[] = [];
      for (let time = 0; time < times(world, 3); time++) {
        again.push(await whileGroupIsEmpty(world, () => resetOffsets(world, random.next())));
        await world.last(5_000);
      }
      return `${again.join(', ')} records again`;
    },
  },
];

async function killAtCommit(world: World, phase: 'request' | 'answer'): Promise<string> {
  let held = 0;
  try {
    for (const proxy of world.proxies.kafka) {
      proxy.onOffsetCommit((event) => {
        if (event.phase !== phase || event.group !== group) return 'forward';
        held++;
        return 'hold';
      });
    }
    await sign(`a commit's ${phase} is held back`, () => held > 0);
    await Promise.all(world.bridges.map((bridge) => killWithin(bridge, 'SIGKILL')));
  } finally {
    for (const proxy of world.proxies.kafka) proxy.onOffsetCommit(undefined);
  }
  await allUp(world.bridges);
  return `${held} commits without their ${phase}`;
}

/**
 * One bridge hears nothing from Temporal any more, so its next start does not end: then it is in the middle of one. It freezes
 * there, and wakes when others have made that start, and more, in its place.
 */
async function freezeInStarts(world: World, index: number): Promise<string> {
  const bridge = world.bridges[index];
  const proxy = world.proxies.temporalOfBridges[index];
  if (!bridge || !proxy) throw new Error(`there is no bridge ${index}`);
  await allUp(world.bridges);
  const all = world.bridges.length;
  await sign('all bridges are members of the group', async () => (await members(world)) === all);
  let frozen = false;
  try {
    proxy.stall();
    const partition = await partitionThatStandsStill(world, () => proxy.waiting().bytes > 0);
    bridge.freeze();
    frozen = true;
    const before = (await committedOffsets(world)).get(partition) ?? 0;
    await eventually(
      'the group has gone on without the frozen bridge',
      async () => {
        const now = await members(world);
        const committed = (await committedOffsets(world)).get(partition) ?? 0;
        if (now < all && committed > before) return true;
        return `${now} members of ${all}; partition ${partition} at ${committed}, ${before} before`;
      },
      120_000,
    );
    await world.last(5_000);
    const after = (await committedOffsets(world)).get(partition) ?? 0;
    bridge.thaw();
    frozen = false;
    // What it had sent, and has not been answered, arrives now.
    proxy.restore();
    await world.last(5_000);
    return `frozen with a start of partition ${partition} under way at ${before}, let go when others had brought it to ${after}`;
  } finally {
    if (frozen) bridge.thaw();
    proxy.restore();
  }
}

/** Records wait in it, and have not moved for a second, while the bridge waits for Temporal. */
async function partitionThatStandsStill(world: World, waits: () => boolean): Promise<number> {
  const since = new Map<number, { at: number; committed: number }>();
  let found: number | undefined;
  await sign('the bridge is in the middle of a start', async () => {
    for (const { partition, committed, end } of await positions(world)) {
      const known = since.get(partition);
      if (end <= committed) since.delete(partition);
      else if (known?.committed !== committed) since.set(partition, { at: Date.now(), committed });
      else if (Date.now() - known.at > 1_000 && waits()) found = partition;
    }
    return found !== undefined || 'every partition goes on';
  });
  if (found === undefined) throw new NoEffect('no partition stood still');
  return found;
}
