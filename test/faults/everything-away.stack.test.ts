import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStack } from '../../stack/start-stack';
import type { Stack } from '../../stack/types';
import { eventually } from '../support/eventually';
import { endProcesses, type HeadwayProcess } from '../support/processes';
import { briefs, createRig, idsOf, type Rig } from '../support/rig';

/** Servers of its own: these are killed. */
let stack: Stack;
let dataDir: string;
let rig: Rig;
const outerStackFile = process.env.HEADWAY_STACK_FILE;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'headway-away-'));
  process.env.HEADWAY_STACK_FILE = join(dataDir, 'stack.json');
  stack = await startStack({ dataDir, partitions: 1, simulator: { seed: 1, timeScale: 0.02 } });
  rig = await createRig({ partitions: 2 });
}, 180_000);

afterAll(async () => {
  await endProcesses();
  await rig?.close();
  await stack?.stop();
  process.env.HEADWAY_STACK_FILE = outerStackFile;
  await rm(dataDir, { recursive: true, force: true });
});

test('Temporal, Kafka, database and LLM are killed in turn while jobs arrive; once they are back, everything goes on by itself', async () => {
  const worker = await rig.startWorker();
  const bridge = await rig.startBridge();
  const all = [...briefs(20, `${rig.name}-calm`, 'latency=50000')];
  await rig.produce(all);

  const { temporal, postgres, llm, kafka } = stack.servers;
  for (const server of [temporal, postgres, llm, kafka[0]]) {
    if (!server) throw new Error('a server is missing');
    const before = briefs(20, `${rig.name}-before-${server.name.replaceAll(/\W/g, '')}`, 'latency=50000');
    await rig.produce(before);
    all.push(...before);
    await eventually('the bridge has handed over', async () => {
      const committed = (await rig.committed()).reduce((sum, offset) => sum + Math.max(0, offset), 0);
      return committed > 0;
    });
    await server.kill('SIGKILL');
    if (server === temporal) await untilReady(worker, 503, 'Temporal does not answer');
    if (server !== kafka[0]) {
      const during = briefs(10, `${rig.name}-during-${server.name.replaceAll(/\W/g, '')}`);
      await rig.produce(during);
      all.push(...during);
    }
    await server.restart();
    if (server === temporal) await untilReady(worker, 200, true);
  }

  const results = await rig.resultsFor(idsOf(all));
  for (const [id, records] of results) {
    expect([id, new Set(records.map(({ bytes }) => bytes)).size]).toEqual([id, 1]);
    expect([id, records[0]?.result.status]).toEqual([id, 'completed']);
  }
  // The SDK's core tries some hundred times meanwhile.
  const told = worker.log().split('\n');
  expect(told.filter((line) => line.includes('gRPC call')).length).toBeLessThan(10);
  expect(told.filter((line) => line.includes('Temporal answers again'))).toHaveLength(1);
  // Nobody restarted them.
  expect(() => process.kill(worker.pid, 0)).not.toThrow();
  expect(() => process.kill(bridge.pid, 0)).not.toThrow();
}, 300_000);

/** A worker says whether it can work, and lives on in either case. */
async function untilReady(worker: HeadwayProcess, status: number, temporal: unknown): Promise<void> {
  const line = await worker.logged(/health and metrics are served/);
  const { address } = JSON.parse(line) as { address: string };
  await eventually(`/readyz answers ${status}`, async () => {
    const page = await fetch(`${address}/readyz`);
    const { parts } = (await page.json()) as { parts: Record<string, unknown> };
    return (page.status === status && parts.temporal === temporal) || JSON.stringify(parts);
  });
  expect((await fetch(`${address}/healthz`)).status).toBe(200);
}
