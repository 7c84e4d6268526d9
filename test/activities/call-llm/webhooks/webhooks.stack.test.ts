import { startSimulator, type RunningSimulator } from '../../../../stack/llm-simulator/simulator';
import type { Totals } from '../../../../stack/llm-simulator/counters';
import type { WebhookCounts } from '../../../../stack/llm-simulator/webhooks';
import { eventually } from '../../../support/eventually';
import { startProcess, type HeadwayProcess } from '../../../support/processes';
import { briefs, idsOf } from '../../../support/rig';
import { useRig } from '../../../support/use-rig';

const rig = useRig();
const SECRET = `whsec_${Buffer.from('of the stack test, 24 bytes').toString('base64')}`;

let simulator: RunningSimulator | undefined;
afterEach(() => simulator?.stop());

const read = async <T>(path: string): Promise<T> =>
  (await (await fetch(`${simulator!.origin}/simulator/${path}`)).json()) as T;
const totals = async () => (await read<{ totals: Totals }>('calls?totals=only')).totals;
const webhooks = () => read<WebhookCounts>('webhooks');

async function startDoor(env: NodeJS.ProcessEnv): Promise<{ door: HeadwayProcess; address: string }> {
  const door = startProcess('bridge/http/main.js', { ...rig.env, HTTP_PORT: '0', ...env });
  const { address } = JSON.parse(await door.logged(/HTTP door is up/)) as { address: string };
  return { door, address };
}

/** Runs so many jobs at a time. Returns how many calls they made, how many polls, and how late ends were seen. */
async function run(count: number, name: string) {
  await fetch(`${simulator!.origin}/simulator/reset`, { method: 'POST' });
  const jobs = briefs(count, `${rig.name}:${name}`);
  await rig.produce(jobs);
  const results = await rig.resultsFor(idsOf(jobs));
  for (const [id, [record]] of results) expect([id, record!.result.status]).toEqual([id, 'completed']);
  const { accepted: calls, polls } = await totals();
  const { p50, p95 } = await read<{ p50: number; p95: number }>('lateness');
  process.stdout.write(
    `${name}: ${calls} calls, ${polls} polls, seen late by p50 ${p50} ms, p95 ${p95} ms\n`,
  );
  return { calls, polls };
}

test('jobs whose LLM calls are told by webhooks are polled once each, and without the door they end by polling', async () => {
  const { door, address } = await startDoor({ OPENAI_WEBHOOK_SECRET: SECRET });
  simulator = await startSimulator({
    latencyMinMs: 2_000,
    latencyMaxMs: 4_000,
    latencySlowRatio: 0,
    webhookUrl: `${address}/v1/llm-webhooks`,
    webhookSecret: SECRET,
  });
  await rig.startWorker({ OPENAI_BASE_URL: simulator.baseUrl, OPENAI_API_KEY: 'any' });
  await rig.startBridge();

  // The worker learns how long calls take, and that webhooks come: it looks for the first after ten seconds only.
  for (let round = 0, polls = Infinity; polls > 35 && round < 5; round++) {
    ({ polls } = await run(30, `round ${round}`));
    await eventually('all ends were told', async () => {
      const { delivered } = await webhooks();
      return delivered === 30 || `${delivered} of 30`;
    });
  }

  const told = await run(30, 'told');
  expect(told.calls).toBe(30);
  // A machine that stands still for seconds may take a webhook for lost.
  expect(told.polls).toBeGreaterThanOrEqual(30);
  expect(told.polls).toBeLessThanOrEqual(35);

  await door.kill('SIGKILL');
  expect((await run(30, 'untold')).calls).toBe(30);
  expect((await webhooks()).delivered).toBe(0);
  // A webhook may come for five seconds more; until then the next calls wait for theirs, too.
  let polls = 0;
  for (let round = 0; polls <= 40 && round < 5; round++) {
    const polled = await run(30, `polled ${round}`);
    expect(polled.calls).toBe(30);
    ({ polls } = polled);
  }
  expect(polls).toBeGreaterThan(40);
});

test('a door with another secret takes no webhook, and jobs end all the same', async () => {
  const other = `whsec_${Buffer.from('another one, of 24 bytes').toString('base64')}`;
  const { door, address } = await startDoor({ OPENAI_WEBHOOK_SECRET: other });
  simulator = await startSimulator({
    latencyMinMs: 1_000,
    latencyMaxMs: 2_000,
    latencySlowRatio: 0,
    webhookUrl: `${address}/v1/llm-webhooks`,
    webhookSecret: SECRET,
  });
  await rig.startWorker({ OPENAI_BASE_URL: simulator.baseUrl, OPENAI_API_KEY: 'any' });
  await rig.startBridge();
  expect((await run(5, 'refused')).calls).toBe(5);
  expect(await webhooks()).toMatchObject({ due: 5, delivered: 0 });
  expect(door.log()).not.toContain(SECRET);
});
