import { eventually } from '../../support/eventually';
import { connectTo, startServer, type Peer, type TestServer } from './proxy-support';
import { createTcpProxy, type TcpProxy } from './tcp-proxy';

let server: TestServer;
let proxy: TcpProxy;
const clients: Peer[] = [];

beforeEach(async () => {
  server = await startServer();
  proxy = await createTcpProxy({ name: 'test', target: () => ({ host: '127.0.0.1', port: server.port }) });
});

afterEach(async () => {
  for (const { socket } of clients.splice(0)) socket.destroy();
  await proxy.close();
  server.close();
});

async function connectClient(): Promise<Peer> {
  const client = await connectTo(proxy.port);
  clients.push(client);
  return client;
}

const arrived = (peer: () => Peer | undefined, text: string) =>
  eventually(`"${text}" has arrived`, () => peer()?.received().toString() === text);

const hasEnded = (peer: Peer, how: string) =>
  eventually(`the connection ends by ${how}`, () => peer.ended() === how || (peer.ended() ?? 'it is open'));

/** Both sides know of each other. */
async function connectPair(): Promise<{ client: Peer; remote: Peer }> {
  const client = await connectClient();
  client.socket.write('hello');
  await arrived(() => server.peers[0], 'hello');
  const [remote] = server.peers;
  if (!remote) throw new Error('no connection');
  return { client, remote };
}

test('bytes and ends pass in both directions', async () => {
  const { client, remote } = await connectPair();
  remote.socket.write('welcome');
  await arrived(() => client, 'welcome');
  client.socket.end(' and goodbye');
  await hasEnded(remote, 'end');
  // An end of one direction is not an end of the other.
  remote.socket.end(' back');
  await hasEnded(client, 'end');
  expect(remote.received().toString()).toBe('hello and goodbye');
  expect(client.received().toString()).toBe('welcome back');
  await eventually('no connection is left', () => proxy.connections() === 0);
});

test('cut resets what is open, and new connections pass', async () => {
  const { client, remote } = await connectPair();
  proxy.cut();
  await hasEnded(client, 'ECONNRESET');
  await hasEnded(remote, 'ECONNRESET');
  expect(proxy.connections()).toBe(0);
  const next = await connectClient();
  next.socket.write('again');
  await arrived(() => server.peers[1], 'again');
});

test('refuse resets old and new connections until restore', async () => {
  const { client } = await connectPair();
  proxy.refuse();
  await hasEnded(client, 'ECONNRESET');
  await hasEnded(await connectClient(), 'ECONNRESET');
  expect(server.peers).toHaveLength(1);
  proxy.restore();
  const next = await connectClient();
  next.socket.write('again');
  await arrived(() => server.peers[1], 'again');
});

test('stall lets nothing through and ends nothing; after restore everything arrives, of new connections too', async () => {
  const { client, remote } = await connectPair();
  // Past the proxy, through the same event loop: when its answers have come, the proxy had every chance to pass things on.
  const unhindered = await createTcpProxy({
    name: 'other',
    target: () => ({ host: '127.0.0.1', port: server.port }),
  });
  proxy.stall();
  client.socket.write(' from the client');
  remote.socket.write('from the server');
  const fresh = await connectClient();
  fresh.socket.write('from a new client');
  for (let round = 0; round < 5; round++) {
    const witness = await connectTo(unhindered.port);
    clients.push(witness);
    witness.socket.write('witness');
    await arrived(() => server.peers[1 + round], 'witness');
  }
  expect(proxy.waiting()).toEqual({ bytes: ' from the client'.length, connections: 1 });
  expect(remote.received().toString()).toBe('hello');
  expect(client.received().toString()).toBe('');
  expect([client, remote, fresh].map((peer) => peer.ended())).toEqual([undefined, undefined, undefined]);

  proxy.restore();
  await arrived(() => remote, 'hello from the client');
  await arrived(() => client, 'from the server');
  await arrived(() => server.peers[6], 'from a new client');
  expect(proxy.waiting()).toEqual({ bytes: 0, connections: 0 });
  await unhindered.close();
});

test('delay is kept in each direction, and the order too', async () => {
  const { client, remote } = await connectPair();
  proxy.delay(60);
  const sentAt = performance.now();
  client.socket.write(' one');
  client.socket.write(' two');
  await arrived(() => remote, 'hello one two');
  remote.socket.end('three');
  await hasEnded(client, 'end');
  expect(client.received().toString()).toBe('three');
  // A timer may fire up to a millisecond early.
  expect(performance.now() - sentAt).toBeGreaterThanOrEqual(2 * 59);
});

test('a half closed connection has ended for the client, while the server still hears it', async () => {
  const { client, remote } = await connectPair();
  proxy.halfClose();
  await hasEnded(client, 'end');
  remote.socket.write('nobody hears this');
  client.socket.write(', are you there?');
  await arrived(() => remote, 'hello, are you there?');
  expect(remote.ended()).toBeUndefined();
  expect(client.received().toString()).toBe('');
  client.socket.end();
  await hasEnded(remote, 'end');
  remote.socket.end();
  await eventually('no connection is left', () => proxy.connections() === 0);
});

test('a sender has to wait for a receiver that does not read', async () => {
  const megabyte = Buffer.alloc(1024 * 1024);
  const deaf = await startServer(() => undefined);
  const towardsDeaf = await createTcpProxy({
    name: 'deaf',
    target: () => ({ host: '127.0.0.1', port: deaf.port }),
  });
  const blocked = await connectTo(towardsDeaf.port);
  clients.push(blocked);
  for (let sent = 0; sent < 64; sent++) blocked.socket.write(megabyte);
  // As much through another connection, in the same event loop: by then the blocked one got as far as it ever will.
  const other = await connectClient();
  for (let sent = 0; sent < 64; sent++) other.socket.write(megabyte);
  other.socket.end();
  await eventually('the other has sent everything', () => server.peers[0]?.ended() === 'end');
  expect(blocked.socket.writableLength).toBeGreaterThan(32 * megabyte.length);
  await towardsDeaf.close();
  deaf.close();
});

test('a target that is not there is a reset for the client, and it is asked for at each connection', async () => {
  let target = { host: '127.0.0.1', port: proxy.port };
  const moving = await createTcpProxy({ name: 'moving', target: () => target });
  proxy.refuse();
  const early = await connectTo(moving.port);
  clients.push(early);
  await hasEnded(early, 'ECONNRESET');
  target = { host: '127.0.0.1', port: server.port };
  const late = await connectTo(moving.port);
  clients.push(late);
  late.socket.write('found');
  await arrived(() => server.peers[0], 'found');
  await moving.close();
  await hasEnded(late, 'ECONNRESET');
});
