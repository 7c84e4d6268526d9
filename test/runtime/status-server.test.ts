import { once } from 'node:events';
import { connect } from 'node:net';
import pino from 'pino';
import { bridgeMetrics, createMetrics } from '../../runtime/metrics';
import { startStatusServer, type Readiness, type StatusServer } from '../../runtime/status-server';

const logger = pino({ level: 'silent' });
const metrics = createMetrics('test');
const servers: StatusServer[] = [];

async function start(readiness: () => Readiness = () => ({})): Promise<StatusServer> {
  const server = await startStatusServer({ host: '127.0.0.1', port: 0, metrics, logger, readiness });
  servers.push(server);
  return server;
}

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

describe('startStatusServer', () => {
  it('is alive while nothing is ready', async () => {
    const { address } = await start(() => ({ kafka: false }));
    expect((await fetch(`${address}/healthz`)).status).toBe(200);
  });

  it('says which part is not ready, until all are', async () => {
    const parts: Readiness = { kafka: true, temporal: 'waiting for 127.0.0.1:7233' };
    const { address } = await start(() => parts);
    const before = await fetch(`${address}/readyz`);
    expect(before.status).toBe(503);
    expect(await before.json()).toEqual({ ready: false, parts });
    parts.temporal = true;
    const after = await fetch(`${address}/readyz`);
    expect(after.status).toBe(200);
    expect(await after.json()).toEqual({ ready: true, parts: { kafka: true, temporal: true } });
  });

  it('is ready while a part only has something to say', async () => {
    const parts: Readiness = { group: true, backpressure: { ready: true, note: 'paused' } };
    const response = await fetch(`${(await start(() => parts)).address}/readyz`);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ ready: true, parts });
  });

  it('is not ready when asking fails', async () => {
    const { address } = await start(() => {
      throw new Error('no idea');
    });
    expect((await fetch(`${address}/readyz`)).status).toBe(503);
  });

  it('serves the metrics of this process', async () => {
    const { address } = await start();
    const bridge = bridgeMetrics(metrics);
    bridge.deadLetters.inc({ code: 'HW_RECORD_EMPTY' });
    const response = await fetch(`${address}/metrics`);
    const text = await response.text();
    expect(response.headers.get('content-type')).toContain('text/plain');
    expect(text).toContain('headway_dead_letters_total{code="HW_RECORD_EMPTY",process="test"} 1');
    expect(text).toContain('nodejs_eventloop_lag_seconds{process="test"}');
  });

  it('has nothing else, and takes nothing', async () => {
    const { address } = await start();
    expect((await fetch(`${address}/toString`)).status).toBe(404);
    expect((await fetch(`${address}/healthz`, { method: 'POST' })).status).toBe(405);
  });

  it.each(['0.0.0.0', '::', 'example.com', '127.0.0.1.example.com'])(
    'refuses to listen on %s without STATUS_ALLOW_REMOTE',
    async (host) => {
      const starting = startStatusServer({ host, port: 0, metrics, logger, readiness: () => ({}) });
      await expect(starting).rejects.toMatchObject({
        code: 'HW_CONFIG_INVALID',
        message: expect.stringContaining('STATUS_ALLOW_REMOTE'),
      });
    },
  );

  it('listens there with it', async () => {
    const options = { host: '0.0.0.0', port: 0, allowRemote: true, metrics, logger, readiness: () => ({}) };
    const server = await startStatusServer(options);
    servers.push(server);
    expect(server.address).toMatch(/^http:\/\/0\.0\.0\.0:\d+$/);
  });

  it('names STATUS_PORT when the port is taken', async () => {
    const { address } = await start();
    const port = Number(new URL(address).port);
    const second = startStatusServer({ host: '127.0.0.1', port, metrics, logger, readiness: () => ({}) });
    await expect(second).rejects.toMatchObject({ message: expect.stringContaining('STATUS_PORT') });
  });

  it('frees the port when stopped, although a client has not finished its request', async () => {
    const { address, stop } = await start();
    const client = connect(Number(new URL(address).port), '127.0.0.1');
    client.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /he');
    await once(client, 'data');
    await stop();
    await once(client.resume(), 'close');
    await expect(fetch(`${address}/healthz`)).rejects.toThrow();
  });
});
