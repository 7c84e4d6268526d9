import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Below the range the kernel gives to outgoing connections (32768 on Linux, 49152 elsewhere). A server that was killed must get its port back,
 * and a client that keeps reconnecting to a dead port from that range can end up connected to itself.
 */
const fallbackRange = { from: 20_000, to: 32_000 };

/**
 * A port on 127.0.0.1 that nothing listens on: the preferred one, or one from a range where no outgoing
 * connection can take it away. `taken` holds ports already promised to others and gets the answer added.
 */
export async function freePort(preferred: number, taken: Set<number>): Promise<number> {
  let port = preferred;
  for (let attempt = 0; attempt < 200; attempt++) {
    if (!taken.has(port) && (await isFree(port))) {
      taken.add(port);
      return port;
    }
    port = randomInt(fallbackRange.from, fallbackRange.to);
  }
  throw new Error(`No free port found between ${fallbackRange.from} and ${fallbackRange.to}.`);
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
