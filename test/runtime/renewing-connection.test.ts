import { createServer as createHttp2Server, type Http2Server } from 'node:http2';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { RenewingConnection } from '../../runtime/renewing-connection';
import { eventually } from '../support/eventually';

/** Answers every request of gRPC with an empty message. */
let temporal: Http2Server;
/** In front of it, as a load balancer would be. */
let front: Server;
let swallow = 0;
let open: Socket[] = [];
let connection: RenewingConnection;

beforeEach(async () => {
  open = [];
  temporal = createHttp2Server().on('stream', (stream) => {
    const status = { ':status': 200, 'content-type': 'application/grpc' };
    stream.respond(status, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(Buffer.alloc(5));
  });
  await new Promise<void>((resolve) => temporal.listen(0, '127.0.0.1', resolve));
  front = createServer((socket) => {
    open.push(socket.on('error', () => undefined));
    if (swallow-- > 0) return;
    const behind = connect((temporal.address() as AddressInfo).port, '127.0.0.1').on(
      'error',
      () => undefined,
    );
    socket
      .on('close', () => behind.destroy())
      .pipe(behind)
      .pipe(socket);
  });
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  const address = `127.0.0.1:${(front.address() as AddressInfo).port}`;
  connection = new RenewingConnection({ connect: { address }, connectingLimitMs: 200 });
});

afterEach(async () => {
  await connection.close();
  open.forEach((socket) => socket.destroy());
  front.close();
  temporal.close();
});

const request = (deadlineMs: number) =>
  connection.withDeadline(Date.now() + deadlineMs, () => connection.workflowService.getSystemInfo({}));

test('requests within a deadline keep it, also when another connection was made meanwhile', async () => {
  swallow = 1;
  let goOn = () => {};
  const made = new Promise<void>((resolve) => (goOn = resolve));
  const within = connection.withDeadline(Date.now() + 1_500, async () => {
    await made;
    return connection.workflowService.getSystemInfo({});
  });
  within.catch(() => undefined);
  await eventually('another connection is made', () => request(100).then(() => true, String), 4_000);
  goOn();
  await expect(within).rejects.toThrow(/DEADLINE_EXCEEDED/);
});

test('a connection that was accepted and never answered is given up for another one', async () => {
  swallow = 0;
  await request(5_000);
  // The server behind dies, and the front accepts the next connection without having anybody behind it.
  swallow = 1;
  open.forEach((socket) => socket.destroy());
  await expect(request(100)).rejects.toThrow();
  await eventually('it is answered again', () => request(100).then(() => true, String), 4_000);
  expect(open).toHaveLength(3);
});

test('a connection that works is kept', async () => {
  swallow = 0;
  await request(5_000);
  const until = Date.now() + 500;
  while (Date.now() < until) await request(1_000);
  expect(open).toHaveLength(1);
});
