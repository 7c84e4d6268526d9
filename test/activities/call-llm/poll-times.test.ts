import { PollTimes } from '../../../activities/call-llm/poll-times';

/** The polls of a call, in milliseconds from its beginning, until `endMs`. */
function pollsUntil(times: PollTimes, endMs: number, fromMs = 0): number[] {
  const polls: number[] = [];
  for (let at = fromMs + times.untilNext(fromMs); at <= endMs; at += times.untilNext(at)) polls.push(at);
  return polls;
}

function learned(durationMs: (call: number) => number): PollTimes {
  const times = new PollTimes();
  for (let call = 0; call < 100; call++) times.learn(durationMs(call));
  return times;
}

describe('poll times', () => {
  it('always lie ahead', () => {
    const times = new PollTimes();
    for (let elapsed = 0; elapsed < 100_000; elapsed += 37)
      expect(times.untilNext(elapsed)).toBeGreaterThan(0);
  });

  it('are the same when the waiting goes in pieces: a pack asks again with every wave', () => {
    const times = new PollTimes();
    const grid = pollsUntil(times, 120_000);
    for (let from = 0; from < 60_000; from += 113) {
      const expected = grid.filter((at) => at > from);
      const got = pollsUntil(times, 120_000, from);
      expect(got).toHaveLength(expected.length);
      got.forEach((at, index) => expect(at).toBeCloseTo(expected[index]!, 3));
    }
  });

  it('see an answer late by a quarter of the time it took, once it took four seconds, and before by no more than that time', () => {
    const times = new PollTimes();
    for (let took = 300; took < 40_000; took += 97) {
      expect(times.untilNext(took)).toBeLessThanOrEqual(took < 4_000 ? took : took / 4 + 51);
    }
  });

  it('are never more than five seconds apart', () => {
    expect(new PollTimes().untilNext(3_600_000)).toBeLessThanOrEqual(5_000);
  });

  it('begin early while nothing is known, and with few calls', () => {
    const times = new PollTimes();
    expect(times.untilNext(0)).toBe(250);
    for (let call = 0; call < 19; call++) times.learn(9_000);
    expect(times.untilNext(0)).toBe(250);
  });

  it('of many calls to a slow model, none of which has ended, are mostly those of the oldest', () => {
    const times = new PollTimes();
    const calls = Array.from({ length: 2_000 }, (_, call) => ({ startedAt: call * 50, next: 0, polls: 0 }));
    for (const call of calls) call.next = call.startedAt + 250;
    for (let now = 0; now <= 120_000; now += 50) {
      for (const call of calls.filter(({ startedAt, next }) => startedAt <= now && next <= now)) {
        call.polls += 1;
        times.stillRunning(now - call.startedAt);
        call.next = now + times.untilNext(now - call.startedAt);
      }
    }
    const polls = calls.reduce((sum, call) => sum + call.polls, 0) / calls.length;
    expect(polls).toBeGreaterThan(1);
    expect(polls).toBeLessThan(12);
    const oldest = calls.slice(0, 20).reduce((sum, call) => sum + call.polls, 0) / 20;
    expect(oldest).toBeGreaterThan(30);
  });

  it('go back to the beginning of what was seen once calls end', () => {
    const times = new PollTimes();
    for (let call = 0; call < 100; call++) times.stillRunning(30_000);
    expect(times.untilNext(0)).toBe(30_000);
    for (let call = 0; call < 200; call++) times.learn(pollsUntil(times, 60_000).find((at) => at >= 8_000)!);
    expect(times.untilNext(0)).toBeLessThan(9_500);
    times.stillRunning(60_000);
    expect(times.untilNext(0)).toBeLessThan(9_500);
  });

  it('are not moved by a few calls that take long while nothing else is known', () => {
    const times = new PollTimes();
    for (let call = 0; call < 19; call++) times.stillRunning(60_000);
    expect(times.untilNext(0)).toBe(250);
  });

  it('begin, once learned, when the fastest calls end', () => {
    const times = learned((call) => 5_000 + call * 50);
    expect(times.untilNext(0)).toBeGreaterThanOrEqual(5_000);
    expect(times.untilNext(0)).toBeLessThan(6_500);
  });

  it('never begin before the first poll of a call that nothing is known of', () => {
    expect(learned(() => 3).untilNext(0)).toBe(250);
  });

  it('are not spoilt by a few slow calls', () => {
    expect(learned((call) => (call % 10 === 0 ? 60_000 : 2_000)).untilNext(0)).toBeLessThanOrEqual(2_000);
  });

  it('follow when calls become slower', () => {
    const times = learned(() => 1_000);
    for (let call = 0; call < 400; call++) times.learn(8_000);
    expect(times.untilNext(0)).toBeGreaterThan(6_000);
  });

  it('follow when calls become faster again, though nothing is seen before the first poll', () => {
    const times = learned(() => 10_000);
    for (let call = 0; call < 2_000; call++)
      times.learn(pollsUntil(times, 60_000).find((at) => at >= 1_000)!);
    expect(times.untilNext(0)).toBeLessThan(2_000);
  });
});
