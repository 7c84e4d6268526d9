import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { projectRoot } from '../../../runtime/project-root';
import { until } from './support';

const script = join(projectRoot(), 'dist', 'stack', 'llm-simulator', 'main.js');
const running: ChildProcessWithoutNullStreams[] = [];

function start(env: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, [script], {
    env: { PATH: process.env.PATH, SIMULATOR_PORT: '0', ...env },
  });
  running.push(child);
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => lines.push(line));
  }
  const ended = once(child, 'close').then(([code]) => code as number);
  // The next line may come with any tick of the event loop.
  const tick = () => new Promise((resolve) => setImmediate(resolve));
  const line = async (pattern: RegExp) => {
    const read = () => tick().then(() => lines.map((one) => pattern.exec(one)).find(Boolean));
    return (await until(read, Boolean))!;
  };
  return {
    child,
    lines,
    ended,
    origin: async () => (await line(/listening on (http:\/\/127\.0\.0\.1:\d+)$/))[1]!,
  };
}

function holdCall(origin: string): Promise<unknown> {
  return fetch(`${origin}/v1/responses`, {
    method: 'POST',
    headers: { authorization: 'Bearer x' },
    body: JSON.stringify({ model: 'm', input: '[[simulate: hang]]' }),
  }).catch((error: unknown) => error);
}

async function inFlight(origin: string): Promise<number> {
  const response = await fetch(`${origin}/simulator/calls?totals=only`);
  return ((await response.json()) as { totals: { inFlight: number } }).totals.inFlight;
}

afterEach(() => running.splice(0).forEach((child) => child.kill('SIGKILL')));

it('says in every line that it is the simulator', async () => {
  const simulator = start();
  const origin = await simulator.origin();
  await fetch(`${origin}/simulator/reset`, { method: 'POST' });
  simulator.child.kill('SIGTERM');
  await simulator.ended;
  expect(simulator.lines.length).toBeGreaterThanOrEqual(5);
  expect(simulator.lines.filter((line) => !line.includes('LLM SIMULATOR'))).toEqual([]);
});

it.each(['SIGTERM', 'SIGINT'] as const)(
  'ends within a second of %s, with calls still open',
  async (signal) => {
    const simulator = start();
    const origin = await simulator.origin();
    const call = holdCall(origin);
    await until(
      () => inFlight(origin),
      (count) => count === 1,
    );
    const began = performance.now();
    simulator.child.kill(signal);
    expect(await simulator.ended).toBe(0);
    expect(performance.now() - began).toBeLessThan(1_000);
    expect(await call).toMatchObject({ name: 'TypeError', message: 'fetch failed' });
  },
);

it('ends with its parent when it was told to', async () => {
  const simulator = start({ HEADWAY_EXIT_WITH_PARENT: '1' });
  await simulator.origin();
  simulator.child.stdin.destroy();
  expect(await simulator.ended).toBe(0);
});

it('outlives the end of its input otherwise', async () => {
  const simulator = start();
  const origin = await simulator.origin();
  simulator.child.stdin.end();
  expect((await fetch(`${origin}/healthz`)).status).toBe(200);
});

it('is one sentence and exit status 1 when a variable is wrong', async () => {
  const simulator = start({ SIMULATOR_TIME_SCALE: 'fast' });
  expect(await simulator.ended).toBe(1);
  expect(simulator.lines).toEqual([
    expect.stringMatching(/^LLM SIMULATOR .*SIMULATOR_TIME_SCALE=fast cannot be used: .*\.$/),
  ]);
});

it('is one sentence and exit status 1 when the port is taken', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as { port: number };
  const simulator = start({ SIMULATOR_PORT: String(port) });
  expect(await simulator.ended).toBe(1);
  expect(simulator.lines).toEqual([expect.stringContaining(`127.0.0.1:${port}`)]);
  other.close();
});
