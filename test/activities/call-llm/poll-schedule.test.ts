import { setMaxListeners } from 'node:events';
import { PollSchedule } from '../../../activities/call-llm/poll-schedule';
import { createRandom } from '../../../stack/llm-simulator/random';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

describe('the schedule of polls', () => {
  it('lets each one go when it is due, in order, with one timer for all', async () => {
    const schedule = new PollSchedule();
    const random = createRandom('schedule');
    const begunAt = Date.now();
    const went: number[] = [];
    const wanted = Array.from({ length: 5_000 }, () => random.integer(0, 30_000));
    const { signal } = new AbortController();
    setMaxListeners(0, signal);
    const all = wanted.map((ms) => schedule.after(ms, signal).then(() => went.push(Date.now() - begunAt)));
    expect(schedule.size).toBe(5_000);
    expect(jest.getTimerCount()).toBe(1);
    await jest.advanceTimersByTimeAsync(30_000);
    await Promise.all(all);
    expect(went).toEqual([...wanted].sort((a, b) => a - b));
    expect(schedule.size).toBe(0);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('forgets at once what is given up, and keeps the others in order', async () => {
    const schedule = new PollSchedule();
    const random = createRandom('given up');
    const begunAt = Date.now();
    const stop = new AbortController();
    const { signal } = new AbortController();
    setMaxListeners(0, signal, stop.signal);
    const went: number[] = [];
    const kept: number[] = [];
    for (let n = 0; n < 2_000; n++) {
      const ms = random.integer(0, 10_000);
      if (random.chance(0.5)) {
        kept.push(ms);
        void schedule.after(ms, signal).then(() => went.push(Date.now() - begunAt));
      } else schedule.after(ms, stop.signal).catch(() => undefined);
    }
    stop.abort(new Error('the worker stops'));
    expect(schedule.size).toBe(kept.length);
    await jest.advanceTimersByTimeAsync(10_000);
    expect(went).toEqual(kept.sort((a, b) => a - b));
  });

  it('leaves no timer behind, and says why', async () => {
    const schedule = new PollSchedule();
    const stop = new AbortController();
    const waiting = schedule.after(60_000, stop.signal);
    stop.abort(new Error('cancelled'));
    await expect(waiting).rejects.toThrow('cancelled');
    await expect(schedule.after(1, stop.signal)).rejects.toThrow('cancelled');
    expect([schedule.size, jest.getTimerCount()]).toEqual([0, 0]);
  });
});
