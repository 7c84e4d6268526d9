import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { HeadwayError } from '../contracts/errors';
import { claimOwnership } from './ownership';

/**
 * Below the range the kernel gives to outgoing connections (32768 on Linux, 49152 elsewhere). A server that was killed must get its port back,
 * and a client that keeps reconnecting to a dead port from that range can end up connected to itself.
 */
const fallbackRange = { from: 20_000, to: 32_000 };

/** A port that was in use, and the one that was taken instead. */
export interface MovedPort {
  preferred: number;
  port: number;
}

export interface Ports {
  /** The preferred port of 127.0.0.1 if it is free, or another one. Nobody else's stack is given it until `release`. */
  reserve(preferred: number): Promise<number>;
  release(): void;
  /** Reservations that could not have the preferred port. */
  readonly moved: readonly MovedPort[];
}

/**
 * Ports for the servers of one stack. Between the look at a port and the moment a server listens on it there is time for
 * another stack to do the same; each would then talk to the other's server. So every port has an owner on this machine.
 */
export function createPorts(leashPid?: number, folder = reservationsFolder()): Ports {
  const claims: (() => void)[] = [];
  const moved: MovedPort[] = [];
  const tryPort = async (port: number): Promise<boolean> => {
    try {
      const giveUp = await claimOwnership(join(folder, String(port)), leashPid);
      if (await isFree(port)) {
        claims.push(giveUp);
        return true;
      }
      giveUp();
    } catch (error) {
      if (!(error instanceof HeadwayError)) throw error;
    }
    return false;
  };
  const reserve = async (preferred: number): Promise<number> => {
    let port = preferred;
    for (let attempt = 0; attempt < 200; attempt++) {
      if (await tryPort(port)) {
        if (port !== preferred) moved.push({ preferred, port });
        return port;
      }
      port = randomInt(fallbackRange.from, fallbackRange.to);
    }
    const range = `${fallbackRange.from} and ${fallbackRange.to}`;
    throw new HeadwayError('HW_STACK_FAILED', `No free port found between ${range}.`);
  };
  return { reserve, moved, release: () => claims.splice(0).forEach((giveUp) => giveUp()) };
}

/** One for all stacks of this user, wherever their data and caches are. */
function reservationsFolder(): string {
  return join(tmpdir(), `headway-ports-${userInfo().uid}`);
}

/** Whether nothing listens on the port, neither on 127.0.0.1 nor on every address. */
export async function isFree(port: number): Promise<boolean> {
  // A listener on 0.0.0.0 does not keep us from binding 127.0.0.1 on every system, but clients would meet the wrong server.
  return (await canListen(port, '127.0.0.1')) && (await canListen(port, '0.0.0.0'));
}

function canListen(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
