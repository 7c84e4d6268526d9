import { connect } from 'node:net';
import { readLocalStack } from '../../runtime/local-stack';
import { createTcpProxy, type TcpProxy } from '../faults/suite/tcp-proxy';
import { eventually } from '../support/eventually';
import { startProcess, type HeadwayProcess } from '../support/processes';
import { useRig } from '../support/use-rig';

const rig = useRig();
const proxies: TcpProxy[] = [];

afterEach(async () => void (await Promise.all(proxies.splice(0).map((proxy) => proxy.close()))));

/** In front of a server of the stack, `host:port`. */
async function proxyOf(name: string, address = ''): Promise<TcpProxy> {
  const [host = '', port] = address.split(':');
  const proxy = await createTcpProxy({ name, target: () => ({ host, port: Number(port) }) });
  proxies.push(proxy);
  return proxy;
}

/** In front of the database, and the variables by which a door keeps its ledger behind it. */
async function proxiedLedger() {
  const url = new URL(readLocalStack()?.databaseUrl ?? '');
  const proxy = await proxyOf('postgres', url.host);
  url.host = `127.0.0.1:${proxy.port}`;
  return { proxy, env: { JOB_ID_DEDUPE: 'ledger', DATABASE_URL: url.href } };
}

async function addressIn(process: HeadwayProcess, line: RegExp): Promise<string> {
  return (JSON.parse(await process.logged(line)) as { address: string }).address;
}

/** Waits until `/readyz` answers so. */
async function untilReady(process: HeadwayProcess, status: number, parts: object): Promise<void> {
  const address = await addressIn(process, /health and metrics are served/);
  await eventually(`/readyz answers ${status} with ${JSON.stringify(parts)}`, async () => {
    const page = await fetch(`${address}/readyz`);
    const body = (await page.json()) as { parts: object };
    const seen = JSON.stringify({ ...body.parts, ...parts });
    return (page.status === status && seen === JSON.stringify(body.parts)) || JSON.stringify(body);
  });
}

test('a bridge that starts says which server it waits for', async () => {
  const kafka = await proxyOf('kafka', readLocalStack()?.kafkaBrokers?.split(',')[0]);
  const { proxy: postgres, env } = await proxiedLedger();
  kafka.stall();
  postgres.refuse();
  const process = startProcess('bridge/kafka/main.js', {
    ...rig.env,
    ...env,
    KAFKA_BROKERS: `127.0.0.1:${kafka.port}`,
  });
  await untilReady(process, 503, { kafka: 'connecting' });
  kafka.restore();
  await untilReady(process, 503, { ledger: 'connecting' });
  postgres.restore();
  await untilReady(process, 200, { group: true });
});

test('the HTTP door is not ready while it waits for its ledger, while that is away later, and from SIGTERM on', async () => {
  const { proxy: postgres, env } = await proxiedLedger();
  postgres.refuse();
  const process = startProcess('bridge/http/main.js', { ...rig.env, ...env, HTTP_PORT: '0' });
  await untilReady(process, 503, { ledger: 'connecting' });
  postgres.restore();
  await untilReady(process, 200, { temporal: true, ledger: true, door: true });

  postgres.refuse();
  await untilReady(process, 503, { temporal: true, ledger: 'The ledger of job ids does not answer' });
  postgres.restore();
  await untilReady(process, 200, { ledger: true });

  // A request that is not there yet holds the door open.
  const { hostname, port } = new URL(await addressIn(process, /HTTP door is up/));
  const client = connect(Number(port), hostname);
  client.on('error', () => undefined);
  client.write('POST /v1/jobs HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n');
  client.write('content-length: 100\r\nexpect: 100-continue\r\n\r\n');
  await new Promise((resolve) => client.once('data', resolve));
  const killed = process.kill('SIGTERM');
  await untilReady(process, 503, { temporal: true, door: 'closing' });
  client.destroy();
  await killed;
  expect(await process.ended).toEqual({ code: 0, signal: null });
});
