import { createServer, type Server } from 'node:net';
import { createPorts, isFree } from '../../stack/ports';
import { temporaryFolder } from './temporary-folder';

const servers: Server[] = [];
const folder = temporaryFolder();
const ports = () => createPorts(undefined, folder());

function listen(host: string, port = 0): Promise<number> {
  const server = createServer();
  servers.push(server);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve((server.address() as { port: number }).port));
  });
}

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

it('gives the preferred port when nobody has it', async () => {
  const first = ports();
  const preferred = await first.reserve(0x5000);
  first.release();
  const second = ports();
  await expect(second.reserve(preferred)).resolves.toBe(preferred);
  expect(second.moved).toEqual([]);
});

it.each(['127.0.0.1', '0.0.0.0'])('gives another one when something listens on %s', async (host) => {
  const port = await listen(host);
  expect(await isFree(port)).toBe(false);
  const reserving = ports();
  const other = await reserving.reserve(port);
  expect(other).not.toBe(port);
  expect(reserving.moved).toEqual([{ preferred: port, port: other }]);
  await expect(listen('127.0.0.1', other)).resolves.toBe(other);
});

it('gives a port to one server only, also when two stacks start at once and neither listens yet', async () => {
  const one = ports();
  const preferred = await one.reserve(0x5001);
  const rest = await Promise.all([
    one.reserve(preferred),
    ports().reserve(preferred),
    ports().reserve(preferred),
  ]);
  expect(new Set([preferred, ...rest]).size).toBe(4);
});

it('stays out of the range that outgoing connections use', async () => {
  expect(await ports().reserve(await listen('127.0.0.1'))).toBeLessThan(32_768);
});
