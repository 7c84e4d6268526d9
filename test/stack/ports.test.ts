import { createServer, type Server } from 'node:net';
import { freePort, isFree } from '../../stack/ports';

const servers: Server[] = [];

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
  const preferred = await freePort(0x5000, new Set());
  await expect(freePort(preferred, new Set())).resolves.toBe(preferred);
});

it.each(['127.0.0.1', '0.0.0.0'])('gives another one when something listens on %s', async (host) => {
  const port = await listen(host);
  expect(await isFree(port)).toBe(false);
  const other = await freePort(port, new Set());
  expect(other).not.toBe(port);
  await expect(listen('127.0.0.1', other)).resolves.toBe(other);
});

it('never promises the same port twice', async () => {
  const taken = new Set<number>();
  const preferred = await freePort(0x5001, new Set());
  const first = await freePort(preferred, taken);
  const second = await freePort(preferred, taken);
  expect(second).not.toBe(first);
  expect([...taken]).toEqual([first, second]);
});

it('stays out of the range that outgoing connections use', async () => {
  const port = await freePort(await listen('127.0.0.1'), new Set());
  expect(port).toBeLessThan(32_768);
});
