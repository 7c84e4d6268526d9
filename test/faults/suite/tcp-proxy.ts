import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { ProxyConnection, type Inspector, type ProxyTarget } from './proxy-connection';

export interface TcpProxyOptions {
  /** Asked at each new connection: who is started later, or elsewhere, is found. */
  target: () => ProxyTarget;
  /** For messages about it. */
  name: string;
  /** Called for each new connection. */
  inspector?: () => Inspector;
}

export interface TcpProxy {
  readonly name: string;
  /** On 127.0.0.1; the same for as long as the proxy lives. */
  readonly port: number;
  /** Connections of clients that are open. */
  connections(): number;
  /** Connections of clients so far, those that were refused included. */
  attempts(): number;
  /** What clients have sent or asked for and `stall` or `delay` keeps from the target now: bytes, and connections not made yet. */
  waiting(): { bytes: number; connections: number };
  /** Resets (RST) all open connections; new ones pass. */
  cut(): void;
  /** Resets all open connections, and new ones at once, until `restore`. */
  refuse(): void;
  /** Nothing flows either way, connections stay open, new ones are accepted and get no answer: a frozen network. Until `restore`. */
  stall(): void;
  /** What comes from now on arrives this much later, in each direction. Until `restore`. */
  delay(milliseconds: number): void;
  /** FIN towards the client of every open connection; what clients still send arrives, what is sent to them is lost. */
  halfClose(): void;
  /** Everything flows again. Connections that were half closed, or of which something was held, stay useless: those held are reset. */
  restore(): void;
  /** Resets all connections and frees the port. */
  close(): Promise<void>;
}

/** A TCP proxy on 127.0.0.1 that can be made to fail as networks do. Listens when the promise resolves. */
export async function createTcpProxy({ target, name, inspector }: TcpProxyOptions): Promise<TcpProxy> {
  const open = new Set<ProxyConnection>();
  let mode: 'pass' | 'refuse' | 'stall' = 'pass';
  let delayMs = 0;
  let attempts = 0;

  const accept = (client: Socket) => {
    attempts++;
    if (mode === 'refuse') {
      client.on('error', () => undefined);
      client.resetAndDestroy();
      return;
    }
    const connection = new ProxyConnection(client, target, inspector?.(), () => open.delete(connection));
    open.add(connection);
    if (delayMs > 0) connection.delay(delayMs);
    if (mode === 'stall') connection.stall();
    else connection.begin();
  };
  // Paused until there is a target, which may be after a stall. Half open, since one side's end is not the other's.
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, accept);
  await listen(server);
  const cut = () => open.forEach((connection) => connection.cut());

  return {
    name,
    port: (server.address() as AddressInfo).port,
    connections: () => open.size,
    attempts: () => attempts,
    waiting() {
      const all = [...open];
      const bytes = all.reduce((sum, connection) => sum + connection.heldBytes(), 0);
      return { bytes, connections: all.filter((connection) => !connection.begun()).length };
    },
    cut,
    refuse() {
      mode = 'refuse';
      cut();
    },
    stall() {
      mode = 'stall';
      open.forEach((connection) => connection.stall());
    },
    delay(milliseconds) {
      delayMs = milliseconds;
      open.forEach((connection) => connection.delay(milliseconds));
    },
    halfClose: () => open.forEach((connection) => connection.halfClose()),
    restore() {
      mode = 'pass';
      delayMs = 0;
      open.forEach((connection) => connection.restore());
    },
    close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      mode = 'refuse';
      cut();
      return closed;
    },
  };
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port: 0, host: '127.0.0.1' }, () => {
      server.off('error', reject);
      // Too many open files, for example: the client meets a refused connection, which is what this is for.
      server.on('error', () => undefined);
      resolve();
    });
  });
}
