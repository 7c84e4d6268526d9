import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** One side of a connection, with all that has arrived at it. */
export interface Peer {
  socket: Socket;
  received(): Buffer;
  /** How it ended: the code of its error, `end` for a FIN; undefined while it is open. */
  ended(): string | undefined;
}

export function peerOf(socket: Socket): Peer {
  const chunks: Buffer[] = [];
  let ended: string | undefined;
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('end', () => (ended ??= 'end'));
  socket.on('error', (error: NodeJS.ErrnoException) => (ended ??= error.code ?? error.message));
  socket.on('close', () => (ended ??= 'close'));
  return { socket, received: () => Buffer.concat(chunks), ended: () => ended };
}

export interface TestServer {
  port: number;
  /** In order of their arrival. */
  peers: Peer[];
  close(): void;
}

/** A server that keeps what it is sent. `onConnection` instead of that. */
export async function startServer(onConnection?: (socket: Socket) => void): Promise<TestServer> {
  const peers: Peer[] = [];
  const sockets: Socket[] = [];
  const server = createServer(
    { allowHalfOpen: true, pauseOnConnect: onConnection !== undefined },
    (socket) => {
      sockets.push(socket);
      if (onConnection) onConnection(socket);
      else peers.push(peerOf(socket));
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    peers,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

export async function connectTo(port: number): Promise<Peer> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const peer = peerOf(socket);
  // A reset may come before the connection is seen: `ended` tells.
  await new Promise<void>((resolve) => socket.once('connect', resolve).once('close', () => resolve()));
  return peer;
}
