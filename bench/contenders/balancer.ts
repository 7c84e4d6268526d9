import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** What stands in front of several processes that serve the same: spreads connections over their ports, in turn. */
export interface Balancer {
  port: number;
  /** A port of 127.0.0.1. One that refuses is passed over, and tried again with the next connection. */
  add(port: number): void;
  close(): Promise<void>;
}

/** A balancer of TCP connections, as a service in Kubernetes is one. It runs in this process. */
export async function startBalancer(): Promise<Balancer> {
  const targets: number[] = [];
  const open = new Set<Socket>();
  let turn = 0;

  const remember = (socket: Socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy());
  };

  async function passOn(client: Socket): Promise<void> {
    remember(client);
    const order = targets.map((_, place) => targets[(turn + place) % targets.length]);
    turn++;
    for (const port of order) {
      const target = port === undefined ? undefined : await connected(port);
      if (!target) continue;
      remember(target);
      if (client.destroyed) return void target.destroy();
      client.pipe(target).pipe(client);
      client.on('close', () => target.destroy());
      target.on('close', () => client.destroy());
      return;
    }
    client.destroy();
  }

  const server = createServer((client) => void passOn(client));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    add: (port) => void targets.push(port),
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function connected(port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(socket));
    socket.once('error', () => resolve(undefined));
  });
}
