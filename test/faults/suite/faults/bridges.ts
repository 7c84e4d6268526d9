import { eventually } from '../../../support/eventually';
import type { KeptProcess } from '../keep-running';
import { group, topics, type World } from '../world';
import type { Fault } from './fault';

const STORM_MS = 45_000;

/** Faults 1 and 5 of the matrix: bridges that die, freeze, come and go. */
export const bridgeFaults: Fault[] = [
  {
    name: 'bridge-killed',
    about: 'a bridge SIGKILLed three times, at random moments',
    async strike({ world, random }) {
      for (let time = 0; time < 3; time++) {
        await random.pick(world.bridges).kill('SIGKILL');
        await world.last(random.integer(1_000, 6_000));
      }
    },
  },
  {
    name: 'bridge-killed-before-commit',
    about: 'every bridge SIGKILLed after its starts, its commit request held back for ever',
    alone: true,
    strike: ({ world }) => killAtCommit(world, 'request'),
  },
  {
    name: 'bridge-killed-before-commit-answer',
    about: 'every bridge SIGKILLed between a commit request, which Kafka gets, and its answer',
    alone: true,
    strike: ({ world }) => killAtCommit(world, 'answer'),
  },
  {
    name: 'bridge-terminated',
    about: 'a bridge SIGTERMed and started again, as in a deployment',
    async strike({ world }) {
      for (const bridge of world.bridges) {
        await bridge.kill('SIGTERM');
        await bridge.isUp();
      }
    },
  },
  {
    name: 'bridge-frozen',
    about: 'a bridge SIGSTOPped in the middle of its starts until others own its partitions, then let go',
    alone: true,
    async strike({ world, random }) {
      const bridge = random.pick(world.bridges);
      const membersBefore = await members(world);
      // Starts take long enough to be under way when it freezes, and when it wakes.
      world.proxies.temporalOfBridges.delay(400);
      await world.last(2_000);
      bridge.freeze();
      await eventually(
        'the group has gone on without the frozen bridge',
        async () => {
          const now = await members(world);
          return now < membersBefore || `${now} of ${membersBefore} members`;
        },
        60_000,
      );
      await world.last(5_000);
      bridge.thaw();
      await world.last(5_000);
      world.proxies.temporalOfBridges.restore();
    },
  },
  {
    name: 'rebalance-storm',
    about: 'bridges join and leave every few seconds, in both ways of leaving',
    alone: true,
    async strike({ world, random }) {
      const guests: KeptProcess[] = [];
      const until = Date.now() + STORM_MS * world.options.faultScale;
      for (let guest = 1; Date.now() < until; guest++) {
        guests.push(await world.startBridge(`guest-${guest}`));
        await world.last(random.integer(2_000, 4_000));
        if (guests.length > 2) await guests.shift()?.leave(random.pick(['SIGTERM', 'SIGKILL']));
      }
      for (const guest of guests) await guest.leave('SIGTERM');
    },
  },
  {
    name: 'more-bridges-than-partitions',
    about: 'three bridges more than the topic has partitions',
    alone: true,
    async strike({ world }) {
      const count = world.options.partitions + 3 - world.bridges.length;
      const guests: KeptProcess[] = [];
      for (let guest = 1; guest <= count; guest++) guests.push(await world.startBridge(`extra-${guest}`));
      await world.last(30_000);
      for (const guest of guests) await guest.leave('SIGKILL');
    },
  },
];

async function killAtCommit(world: World, phase: 'request' | 'answer'): Promise<void> {
  let caught: () => void;
  const held = new Promise<void>((resolve) => (caught = resolve));
  for (const proxy of world.proxies.kafka) {
    proxy.onOffsetCommit((event) => {
      if (event.phase !== phase) return 'forward';
      caught();
      return 'hold';
    });
  }
  await held;
  await Promise.all(world.bridges.map((bridge) => bridge.kill('SIGKILL')));
  for (const proxy of world.proxies.kafka) proxy.onOffsetCommit(undefined);
  await Promise.all(world.bridges.map((bridge) => bridge.isUp()));
}

async function members(world: World): Promise<number> {
  const { groups } = await world.admin.describeGroups([group]);
  return groups[0]?.members.length ?? 0;
}

/** Stops the bridges so that the group is empty, changes its offsets, and lets them go on. */
export async function whileGroupIsEmpty(world: World, change: () => Promise<void>): Promise<void> {
  for (const bridge of world.bridges) bridge.pauseRestarts();
  await Promise.all(world.bridges.map((bridge) => bridge.kill('SIGKILL')));
  await eventually('the group is empty', async () => (await members(world)) === 0, 60_000);
  await change();
  for (const bridge of world.bridges) bridge.resumeRestarts();
  await Promise.all(world.bridges.map((bridge) => bridge.isUp()));
}

/** `fraction` of the way from the beginning of each partition to what is committed. */
export async function resetOffsets(world: World, fraction: number): Promise<void> {
  const [committed] = await world.admin.fetchOffsets({ groupId: group, topics: [topics.queue] });
  const beginnings = await world.admin.fetchTopicOffsets(topics.queue);
  const partitions = beginnings.map(({ partition, low }) => {
    const at = Number(committed?.partitions.find((one) => one.partition === partition)?.offset ?? low);
    const offset = Number(low) + Math.floor(Math.max(0, at - Number(low)) * fraction);
    return { partition, offset: String(offset) };
  });
  await world.admin.setOffsets({ groupId: group, topic: topics.queue, partitions });
}
