import type { Client } from '@temporalio/client';
import { closeMany } from '../../../../bench/headway/growth/close-many';

function fakeServer(onStart: () => void = () => {}) {
  const started: { workflowId: string; startDelay?: unknown }[] = [];
  const closed: string[] = [];
  const start = (_type: string, options: { workflowId: string; startDelay?: unknown }) => {
    onStart();
    started.push(options);
    const terminate = () => Promise.resolve(closed.push(options.workflowId));
    return Promise.resolve({ terminate });
  };
  return { client: { workflow: { start } } as unknown as Client, started, closed };
}

const options = { count: 1_200, within: 60_000, concurrency: 4, onProgress: () => {} };

it('begins that many, each with an id of its own and so that no worker gets it, and ends every one', async () => {
  const { client, started, closed } = fakeServer();
  const progress: number[] = [];
  const figures = await closeMany(client, { ...options, onProgress: (done) => progress.push(done) });
  expect(figures.workflows).toBe(1_200);
  expect(new Set(started.map(({ workflowId }) => workflowId)).size).toBe(1_200);
  expect(started.every(({ startDelay }) => startDelay === '1 hour')).toBe(true);
  expect(new Set(closed).size).toBe(1_200);
  expect(progress).toEqual([500, 1_000, 1_200]);
  expect(figures.firstPerSecond).toBeGreaterThan(0);
});

it('begins no more once time is up, and says how many there are', async () => {
  const clock = { ms: 0 };
  jest.spyOn(performance, 'now').mockImplementation(() => clock.ms);
  try {
    const { client } = fakeServer(() => (clock.ms += 1));
    const figures = await closeMany(client, { ...options, within: 700 });
    expect(figures).toEqual({ workflows: 1_000, ms: 1_000, firstPerSecond: 1_000, lastPerSecond: 1_000 });
  } finally {
    jest.restoreAllMocks();
  }
});
