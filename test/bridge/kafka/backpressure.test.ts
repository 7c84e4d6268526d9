import pino from 'pino';
import { createBackpressure, type Backpressure } from '../../../bridge/kafka/backpressure';

const throttled = () => Promise.reject(Object.assign(new Error('RPS limit exceeded'), { code: 8 }));
const started = () => Promise.resolve('started');

let lines: Record<string, unknown>[];
let waiting: number | Error;
let reads: number;
let paused: boolean;
let backpressure: Backpressure;

beforeEach(() => {
  jest.useFakeTimers();
  [lines, waiting, reads, paused] = [[], 0, 0, false];
  const logger = pino({}, { write: (line) => lines.push(JSON.parse(line) as Record<string, unknown>) });
  backpressure = createBackpressure({
    loads: [
      {
        name: 'waiting',
        what: 'packs waiting for a worker',
        high: 100,
        low: 40,
        lagMs: 5_000,
        read: () => {
          reads += 1;
          return waiting instanceof Error ? Promise.reject(waiting) : Promise.resolve(waiting);
        },
      },
    ],
    onPause: () => (paused = true),
    onResume: () => (paused = false),
    logger,
  });
});

afterEach(() => {
  backpressure.stop();
  jest.useRealTimers();
});

async function start(packs: number): Promise<void> {
  for (let pack = 0; pack < packs; pack++) await backpressure.watch(started);
}

/** As many packs as the bridge lets through. */
async function flood(ms: number, everyMs = 10): Promise<number> {
  let packs = 0;
  for (let passed = 0; passed < ms; passed += everyMs) {
    if (!paused) packs += await start(1).then(() => 1);
    await jest.advanceTimersByTimeAsync(everyMs);
  }
  return packs;
}

describe('the marks', () => {
  it('pause the bridge at the high one, and let it go on at the low one, not before', async () => {
    await start(1);
    waiting = 100;
    await jest.advanceTimersByTimeAsync(2_000);
    expect(paused).toBe(true);
    waiting = 41;
    await jest.advanceTimersByTimeAsync(10_000);
    expect(paused).toBe(true);
    waiting = 40;
    await jest.advanceTimersByTimeAsync(2_000);
    expect(paused).toBe(false);
    waiting = 99;
    await jest.advanceTimersByTimeAsync(10_000);
    expect(paused).toBe(false);
  });

  it('are not passed between two readings: packs started meanwhile count', async () => {
    expect(await flood(1_900)).toBe(100);
    expect(paused).toBe(true);
  });

  it('hold though the server answers from a cache that is 5 s old', async () => {
    expect(await flood(5_000)).toBe(100);
  });

  it('say in one line each why the bridge pauses, and for how long it did', async () => {
    await start(1);
    waiting = 120;
    await jest.advanceTimersByTimeAsync(6_000);
    expect(backpressure.reason()).toContain('packs waiting for a worker, from 100 down to 40');
    waiting = 0;
    await jest.advanceTimersByTimeAsync(6_000);
    expect(backpressure.reason()).toBeUndefined();
    expect(lines).toMatchObject([
      { msg: expect.stringMatching(/^bridge pauses/) as string, waiting: 121, high: 100, low: 40 },
      { msg: 'bridge goes on', forMs: 8_000, waiting: 0 },
    ]);
  });
});

describe('reading', () => {
  it('goes on while packs are in Temporal, and ends with them', async () => {
    await start(1);
    waiting = 3;
    await jest.advanceTimersByTimeAsync(60_000);
    expect(reads).toBeGreaterThan(25);
    waiting = 0;
    await jest.advanceTimersByTimeAsync(10_000);
    reads = 0;
    await jest.advanceTimersByTimeAsync(600_000);
    expect(reads).toBe(0);
    await start(1);
    await jest.advanceTimersByTimeAsync(1);
    expect(reads).toBe(1);
  });

  it('that fails neither stops the bridge for ever nor lets a flood through', async () => {
    waiting = new Error('permission denied');
    const minutes = 5;
    const packs = await flood(minutes * 60_000, 50);
    expect(packs).toBeGreaterThan(minutes * 100);
    expect(packs).toBeLessThanOrEqual((minutes * 2 + 1) * 100);
    expect(lines.filter(({ reason }) => reason === 'permission denied')).toHaveLength(1);
  });

  it('that fails during a pause ends it after half a minute', async () => {
    await start(1);
    waiting = 5_000;
    await jest.advanceTimersByTimeAsync(2_000);
    waiting = new Error('away');
    await jest.advanceTimersByTimeAsync(25_000);
    expect(paused).toBe(true);
    await jest.advanceTimersByTimeAsync(8_000);
    expect(paused).toBe(false);
  });
});

describe('throttling', () => {
  const refused = () => expect(backpressure.watch(throttled)).rejects.toThrow('RPS limit exceeded');

  it('pauses the bridge at once, until a start gets through, but at least a second', async () => {
    await refused();
    expect(paused).toBe(true);
    expect(backpressure.reason()).toBe('Temporal throttles');
    await start(1);
    await jest.advanceTimersByTimeAsync(900);
    expect(paused).toBe(true);
    await jest.advanceTimersByTimeAsync(400);
    expect(paused).toBe(false);
  });

  it('is one pause however often the starts in hand are refused', async () => {
    for (let times = 0; times < 10; times++) {
      await refused();
      await jest.advanceTimersByTimeAsync(6_000);
      expect(paused).toBe(true);
    }
    await start(1);
    await jest.advanceTimersByTimeAsync(250);
    expect(paused).toBe(false);
    expect(lines.filter(({ msg }) => msg === 'bridge goes on')).toHaveLength(1);
  });

  it('that comes back soon pauses for longer', async () => {
    const pauses: number[] = [];
    for (let times = 0; times < 4; times++) {
      await refused();
      await start(1);
      const since = Date.now();
      while (paused) await jest.advanceTimersByTimeAsync(250);
      pauses.push(Date.now() - since);
    }
    expect(pauses).toEqual([1_000, 2_000, 4_000, 5_000]);
  });

  it('does not hold the bridge when the refused start was given up', async () => {
    await refused();
    await jest.advanceTimersByTimeAsync(10_000);
    expect(paused).toBe(false);
  });

  it('is not what a message over the size limit is', async () => {
    const tooLarge = Object.assign(new Error('grpc: received message larger than max (5 vs. 4)'), {
      code: 8,
    });
    await expect(backpressure.watch(() => Promise.reject(tooLarge))).rejects.toThrow(tooLarge);
    expect(paused).toBe(false);
  });
});
