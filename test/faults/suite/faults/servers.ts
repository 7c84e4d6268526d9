import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { ServerHandle } from '../../../../stack/types';
import type { World } from '../world';
import { NoEffect, type Fault } from './fault';
import { sign, within } from './waiting';

/** That of the bridges, and the broker's time to notice. */
const LONGER_THAN_SESSION_MS = 15_000;

/** Faults 3, 4 and 8 of the matrix: Temporal, Kafka and PostgreSQL die and freeze. */
export const serverFaults: Fault[] = [
  {
    name: 'temporal-killed',
    about: 'the Temporal server SIGKILLed, and back on its database after a minute',
    needs: ['temporal'],
    repeatsLlmCalls: 2,
    strike: ({ world }) => away(world, world.stack.servers.temporal, 60_000),
  },
  {
    name: 'temporal-frozen',
    about: 'the Temporal server SIGSTOPped for 30 s',
    needs: ['temporal'],
    repeatsLlmCalls: 2,
    strike: ({ world }) => frozen(world, world.stack.servers.temporal, 30_000),
  },
  {
    name: 'kafka-killed',
    about: 'the single broker SIGKILLed, and back on its log after 20 s',
    brokers: 1,
    needs: ['kafka'],
    strike: ({ world }) => away(world, world.stack.servers.kafka[0], 20_000),
  },
  {
    name: 'brokers-killed-in-turn',
    about: 'of three brokers each SIGKILLed in turn for 10 s',
    brokers: 3,
    needs: ['kafka'],
    async strike({ world, random }) {
      const effects: string[] = [];
      for (const broker of random.shuffle(world.stack.servers.kafka)) {
        effects.push(await away(world, broker, 10_000));
        await world.last(5_000);
      }
      return effects.join('; ');
    },
  },
  {
    name: 'kafka-frozen',
    about: 'a broker SIGSTOPped for 25 s, longer than the session timeout of the group',
    needs: ['kafka'],
    strike: ({ world, random }) =>
      frozen(world, random.pick(world.stack.servers.kafka), 25_000, LONGER_THAN_SESSION_MS),
  },
  {
    name: 'database-away',
    about: 'PostgreSQL SIGKILLed, and back after a minute',
    needs: ['postgres'],
    strike: ({ world }) => away(world, world.stack.servers.postgres, 60_000),
  },
];

/** Kills it, and starts it again after that time. Says for how long it was away. */
export async function away(
  world: World,
  server: ServerHandle | undefined,
  milliseconds: number,
  meanwhile: () => Promise<unknown> = () => world.last(milliseconds),
): Promise<string> {
  if (server?.pid === undefined) throw new NoEffect('the server did not run');
  const goneAt = Date.now();
  await within(server.kill('SIGKILL'), `${server.name} has ended after SIGKILL`);
  try {
    await meanwhile();
  } finally {
    await within(server.restart(), `${server.name} is back`);
  }
  return `${server.name} was away for ${Math.round((Date.now() - goneAt) / 100) / 10} s`;
}

async function frozen(
  world: World,
  server: ServerHandle | undefined,
  milliseconds: number,
  atLeastMs = 0,
): Promise<string> {
  if (server?.pid === undefined) throw new NoEffect('the server did not run');
  const { pid } = server;
  await server.kill('SIGSTOP');
  const frozenAt = Date.now();
  try {
    await sign(`${server.name} is stopped`, async () => (await stateOf(pid)).startsWith('T'), 10_000);
    await world.last(Math.max(milliseconds, atLeastMs / world.options.faultScale));
  } finally {
    await server.kill('SIGCONT');
  }
  return `${server.name} stood still for ${Math.round((Date.now() - frozenAt) / 100) / 10} s`;
}

/** As `ps` names it: `T` is stopped. */
async function stateOf(pid: number): Promise<string> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'stat=', '-p', String(pid)]);
  return stdout.trim();
}
