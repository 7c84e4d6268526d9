import type { ServerHandle } from '../../../../stack/types';
import type { World } from '../world';
import type { Fault } from './fault';

/** Faults 3, 4 and 8 of the matrix: Temporal, Kafka and PostgreSQL die and freeze. */
export const serverFaults: Fault[] = [
  {
    name: 'temporal-killed',
    about: 'the Temporal server SIGKILLed, and back on its database after a minute',
    repeatsLlmCalls: 2,
    strike: ({ world }) => away(world, world.stack.servers.temporal, 60_000),
  },
  {
    name: 'temporal-frozen',
    about: 'the Temporal server SIGSTOPped for 30 s',
    repeatsLlmCalls: 2,
    strike: ({ world }) => frozen(world, world.stack.servers.temporal, 30_000),
  },
  {
    name: 'kafka-killed',
    about: 'the single broker SIGKILLed, and back on its log after 20 s',
    brokers: 1,
    strike: ({ world }) => away(world, world.stack.servers.kafka[0], 20_000),
  },
  {
    name: 'brokers-killed-in-turn',
    about: 'of three brokers each SIGKILLed in turn for 10 s',
    brokers: 3,
    async strike({ world, random }) {
      for (const broker of random.shuffle(world.stack.servers.kafka)) {
        await away(world, broker, 10_000);
        await world.last(5_000);
      }
    },
  },
  {
    name: 'kafka-frozen',
    about: 'a broker SIGSTOPped for 25 s, longer than the session timeout of the group',
    strike: ({ world, random }) => frozen(world, random.pick(world.stack.servers.kafka), 25_000),
  },
  {
    name: 'database-away',
    about: 'PostgreSQL SIGKILLed, and back after a minute',
    strike: ({ world }) => away(world, world.stack.servers.postgres, 60_000),
  },
];

export async function away(
  world: World,
  server: ServerHandle | undefined,
  milliseconds: number,
): Promise<void> {
  await server?.kill('SIGKILL');
  await world.last(milliseconds);
  await server?.restart();
}

async function frozen(world: World, server: ServerHandle | undefined, milliseconds: number): Promise<void> {
  await server?.kill('SIGSTOP');
  await world.last(milliseconds);
  await server?.kill('SIGCONT');
}
