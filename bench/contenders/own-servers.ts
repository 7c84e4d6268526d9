import { randomInt } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createLeash } from '../../stack/leash';
import { startManagedProcess, type ManagedProcessOptions } from '../../stack/managed-process';
import { createPorts } from '../../stack/ports';
import { isGroupAlive } from '../../stack/process-group';
import type { ServerHandle } from '../../stack/types';
import type { ContenderServers, RunContext } from './contender';

/** Servers of a contender: real processes on 127.0.0.1, which end with this process however it ends. */
export interface OwnServers {
  /** A port that nobody else on this machine is given until the end. */
  port(): Promise<number>;
  /**
   * Resolves when it answers; it is accounted for under its name.
   * @throws HeadwayError HW_STACK_FAILED
   */
  start(options: ManagedProcessOptions): Promise<ServerHandle>;
  /** Called when the last server has ended, also when not all could be started. */
  afterwards(release: () => unknown): void;
  /** All that were started, as the harness wants them. */
  running(env: Record<string, string>): ContenderServers;
  /** The last one first. */
  stop(): Promise<void>;
}

export type OwnServersContext = Pick<RunContext, 'dataDir' | 'signal' | 'log'>;

/** Calls `start`; when it fails, nothing of what it has started runs any more. */
export async function startOwnServers<T>(
  context: OwnServersContext,
  start: (servers: OwnServers) => Promise<T>,
): Promise<T> {
  const servers = openServers(context);
  try {
    return await start(servers);
  } catch (error) {
    await servers.stop();
    throw error;
  }
}

function openServers({ dataDir, signal, log }: OwnServersContext): OwnServers {
  const leash = createLeash();
  const ports = createPorts(leash.pid);
  const started: ServerHandle[] = [];
  const releases: (() => unknown)[] = [];

  async function stop(): Promise<void> {
    for (const server of started.reverse()) await server.stop();
    ports.release();
    leash.release();
    // It is a process below this one, and the harness counts those that stay behind.
    while (leash.pid !== undefined && isGroupAlive(leash.pid)) await delay(20);
    for (const release of releases.reverse()) await release();
  }

  return {
    stop,
    afterwards: (release) => void releases.push(release),
    port: () => ports.reserve(randomInt(20_000, 32_000)),
    async start(options) {
      await mkdir(dataDir, { recursive: true });
      const server = await startManagedProcess(
        {
          ...{ dataDir, ports, leash, signal, env: process.env, logDir: join(dataDir, 'logs') },
          onStarted: (one) => started.push(one),
          onUnexpectedEnd: ({ name, exitCode, signal: how }) =>
            log(`${name} ended by itself with ${how ?? exitCode}`),
          onRestart: () => {},
        },
        options,
      );
      return server;
    },
    running: (env) => ({
      env,
      stop,
      pids: Object.fromEntries(
        started.flatMap(({ name, pid }) => (pid === undefined ? [] : [[name, pid] as const])),
      ),
    }),
  };
}
