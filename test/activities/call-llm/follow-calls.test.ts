import { Counter, Registry } from 'prom-client';
import { createCallFollower } from '../../../activities/call-llm/follow-calls';
import { NamedCalls } from '../../../activities/call-llm/webhooks/named-calls';
import type { LlmHandle } from '../../../contracts/stages';
import { FakeTable } from './webhooks/fake-table';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

interface Ended {
  polls: number;
  lateMs: number;
}

/** A worker with a table of webhooks, and calls that end when the test says, all in the time of the test. */
function createWorker(table = new FakeTable()) {
  const polls = new Counter({
    name: 'polls',
    help: '-',
    labelNames: ['why'] as const,
    registers: [new Registry()],
  });
  const { follow } = createCallFollower({ namedCalls: new NamedCalls({ store: table }), polls });
  let number = 0;
  return {
    table,
    follow,
    pollsBy: async () =>
      Object.fromEntries((await polls.get()).values.map(({ labels, value }) => [labels.why, value])),
    handle(parts: Partial<LlmHandle> = {}): LlmHandle {
      const startedAt = Date.now();
      const callId = `resp_${number++}`;
      return {
        index: 0,
        jobId: 'a',
        pipeline: 'p',
        callId,
        startedAt,
        timeoutAt: startedAt + 180_000,
        ...parts,
      };
    },
  };
}
type Worker = ReturnType<typeof createWorker>;

/** Awaits a call that ends `lastsMs` from now, and whose webhook comes `webhookMs` after that, if it comes. */
async function call(
  { follow, handle, table }: Worker,
  { lastsMs, webhookMs, parts }: { lastsMs: number; webhookMs?: number; parts?: Partial<LlmHandle> },
): Promise<Ended> {
  const one = handle(parts);
  const endsAt = Date.now() + lastsMs;
  if (webhookMs !== undefined) setTimeout(() => table.write(one.callId), lastsMs + webhookMs);
  const followed = follow(one, 'p');
  const signal = new AbortController().signal;
  for (let polls = 1; ; polls++) {
    await followed.untilNextPoll(signal);
    if (Date.now() < endsAt) {
      followed.foundRunning();
      continue;
    }
    followed.foundEnded();
    followed.close();
    return { polls, lateMs: Date.now() - endsAt };
  }
}

/** Lets the time pass that it takes. */
async function until<T>(promise: Promise<T>): Promise<T> {
  let settled = false;
  const mark = () => void (settled = true);
  promise.then(mark, mark);
  for (let second = 0; !settled && second < 2_000; second++) await jest.advanceTimersByTimeAsync(1_000);
  return promise;
}

/** So many calls of 5-10 s, one begun every 0.3 s. */
async function calls(
  worker: Worker,
  count: number,
  webhookMs?: (n: number) => number | undefined,
): Promise<Ended[]> {
  const all = [];
  for (let n = 0; n < count; n++) {
    all.push(call(worker, { lastsMs: 5_000 + ((n * 0.618) % 1) * 5_000, webhookMs: webhookMs?.(n) }));
    await jest.advanceTimersByTimeAsync(300);
  }
  return until(Promise.all(all));
}

const pollsOf = (ended: Ended[]) => ended.reduce((sum, { polls }) => sum + polls, 0) / ended.length;
const latest = (ended: Ended[]) => Math.max(...ended.map(({ lateMs }) => lateMs));

it('calls whose webhooks come are polled once, and seen a second after their webhook at the latest', async () => {
  const worker = createWorker();
  await calls(worker, 60, () => 200);
  const ended = await calls(worker, 100, () => 200);
  expect(pollsOf(ended)).toBe(1);
  expect(latest(ended)).toBeLessThanOrEqual(1_300);
  expect((await worker.pollsBy())['webhook']).toBeGreaterThanOrEqual(100);
});

it('without webhooks they are polled as they ever were', async () => {
  const without = createCallFollower({});
  const worker = createWorker();
  await calls(worker, 60);
  const ended = await calls(worker, 100);
  const plain = { ...createWorker(), follow: without.follow };
  await calls(plain, 60);
  expect(pollsOf(ended)).toBeCloseTo(pollsOf(await calls(plain, 100)), 1);
  expect(await worker.pollsBy()).not.toHaveProperty('safety');
});

it('when webhooks stop to come, the calls that wait are seen soon all the same, and polled as they ever were', async () => {
  const worker = createWorker();
  await calls(worker, 100, () => 200);
  const ended = await calls(worker, 100);
  expect(latest(ended)).toBeLessThan(15_000);
  // From the second end on that was not told, also those think again that had begun to wait for a webhook.
  expect(ended.filter(({ lateMs }) => lateMs > 4_000).length).toBeLessThan(40);
  const after = await calls(worker, 50);
  expect(latest(after)).toBeLessThan(2_000);
  expect(pollsOf(after)).toBeGreaterThan(2);
  await calls(worker, 60, () => 200);
  expect(pollsOf(await calls(worker, 50, () => 200))).toBe(1);
});

it('one webhook in fifty that is lost costs its own call a later poll, and others nothing', async () => {
  const worker = createWorker();
  await calls(worker, 60, () => 200);
  const ended = await calls(worker, 200, (n) => (n % 50 === 7 ? undefined : 200));
  expect(pollsOf(ended)).toBe(1);
  expect(latest(ended)).toBeLessThan(15_000);
});

it('webhooks that come too late to be of use are not waited for', async () => {
  const worker = createWorker();
  await calls(worker, 60, () => 20_000);
  expect(latest(await calls(worker, 60, () => 20_000))).toBeLessThan(2_000);
});

it('a call is polled at once when its webhook was there before anybody waited', async () => {
  const worker = createWorker();
  await calls(worker, 60, () => 200);
  const busy = call(worker, { lastsMs: 20_000, webhookMs: 200 });
  worker.table.write('early');
  await jest.advanceTimersByTimeAsync(2_000);
  const early = call(worker, { lastsMs: 0, parts: { callId: 'early', startedAt: Date.now() - 5_000 } });
  await jest.advanceTimersByTimeAsync(0);
  expect(await early).toEqual({ polls: 1, lateMs: 0 });
  await until(busy);
});

it('a call that was under way before anything was read is not waited for in vain', async () => {
  const worker = createWorker();
  await calls(worker, 100, () => 200);
  await jest.advanceTimersByTimeAsync(120_000);
  // Its webhook came and went while nobody read; another worker had it.
  const ended = await until(
    call(worker, { lastsMs: 0, parts: { startedAt: Date.now() - 70_000, timeoutAt: Date.now() + 600_000 } }),
  );
  expect(ended.lateMs).toBeLessThanOrEqual(5_000);
});

it('a webhook that names a running call changes no more than one poll', async () => {
  const worker = createWorker();
  await calls(worker, 60, () => 200);
  const one = call(worker, { lastsMs: 9_000, parts: { callId: 'forged' } });
  await jest.advanceTimersByTimeAsync(500);
  worker.table.write('forged');
  const ended = await until(one);
  expect(ended.polls).toBeLessThanOrEqual(6);
  expect(ended.lateMs).toBeLessThan(2_000);
});

it('a database that goes away makes them polled as ever, those that wait included', async () => {
  const worker = createWorker();
  await calls(worker, 60, () => 200);
  const waiting = calls(worker, 30, () => 200);
  await jest.advanceTimersByTimeAsync(1_000);
  worker.table.trouble = new Error('away');
  const ended = await waiting;
  expect(latest(ended)).toBeLessThan(3_000);
});

it('a call that never ends is polled at its timeout', async () => {
  const worker = createWorker();
  await calls(worker, 60, () => 200);
  const stop = new AbortController();
  const handle = worker.handle({ timeoutAt: Date.now() + 60_000 });
  const followed = worker.follow(handle, 'p');
  const polledAt: number[] = [];
  const waiting = (async () => {
    while (Date.now() < handle.timeoutAt) {
      await followed.untilNextPoll(stop.signal);
      polledAt.push(Date.now() - handle.startedAt);
      followed.foundRunning();
    }
  })();
  await until(waiting);
  expect(polledAt.at(-1)).toBe(60_000);
  expect(polledAt.length).toBeLessThanOrEqual(5);
});
