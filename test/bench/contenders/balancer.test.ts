import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { startBalancer, type Balancer } from '../../../bench/contenders/balancer';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

test('spreads connections in turn, passes over one that is gone, and uses it again when it is back', async () => {
  const balancer = await balanced();
  const [first, second] = [await answering('first'), await answering('second')];
  balancer.add(first.port);
  balancer.add(second.port);
  expect(await ask(balancer, 2)).toEqual(['first', 'second']);

  await first.close();
  expect(await ask(balancer, 2)).toEqual(['second', 'second']);

  await answering('first again', first.port);
  expect(await ask(balancer, 2)).toEqual(['first again', 'second']);
});

test('a connection ends with the process behind it', async () => {
  const balancer = await balanced();
  const sockets: Socket[] = [];
  const behind = createServer((socket) => void sockets.push(socket.on('error', () => {})));
  open.push({ close: () => new Promise((resolve) => behind.close(resolve)) });
  balancer.add(await listening(behind));

  const client = connect(balancer.port, '127.0.0.1').on('error', () => {});
  await once(behind, 'connection');
  // Only then is all of the way open.
  sockets[0]?.write('hello');
  await once(client, 'data');
  sockets[0]?.resetAndDestroy();
  await once(client, 'close');
});

test('a connection that nobody takes is closed', async () => {
  const balancer = await balanced();
  const gone = await answering('gone');
  balancer.add(gone.port);
  await gone.close();

  const client = connect(balancer.port, '127.0.0.1').on('error', () => {});
  await once(client, 'close');
});

async function balanced(): Promise<Balancer> {
  const balancer = await startBalancer();
  open.push(balancer);
  return balancer;
}

/** Says its name to everyone who connects. */
async function answering(name: string, port = 0) {
  const server = createServer((socket) => void socket.on('error', () => {}).end(name));
  const close = async () => {
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  open.push({ close });
  return { port: await listening(server, port), close };
}

async function listening(server: Server, port = 0): Promise<number> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function ask(balancer: Balancer, times: number): Promise<string[]> {
  const answers: string[] = [];
  for (let time = 0; time < times; time++) {
    const client = connect(balancer.port, '127.0.0.1');
    let said = '';
    client.setEncoding('utf8').on('data', (text: string) => (said += text));
    await once(client, 'close');
    answers.push(said);
  }
  return answers;
}
