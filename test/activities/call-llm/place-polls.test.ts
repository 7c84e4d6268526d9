import { placePolls } from '../../../activities/call-llm/place-polls';
import { PollTimes } from '../../../activities/call-llm/poll-times';
import { createRandom } from '../../../stack/llm-simulator/random';

interface Polled {
  polls: number;
  lateP50: number;
  lateP95: number;
}

/** Calls one after the other, each polled as `times` says and learned from. A poll takes 20 ms. */
function poll(times: PollTimes, durations: number[], learns = true): Polled {
  const late: number[] = [];
  let polls = 0;
  for (const duration of durations) {
    let elapsed = 0;
    while (elapsed < duration) {
      elapsed += times.untilNext(elapsed) + 20;
      polls += 1;
    }
    if (learns) times.learn(elapsed);
    late.push(elapsed - duration);
  }
  late.sort((a, b) => a - b);
  const at = (share: number) => Math.round(late[Math.floor(late.length * share)]!);
  return { polls: polls / durations.length, lateP50: at(0.5), lateP95: at(0.95) };
}

function uniform(fromMs: number, toMs: number, calls: number, slowShare = 0): number[] {
  const random = createRandom('durations', 7, String(fromMs), toMs);
  return Array.from({ length: calls }, () =>
    random.chance(slowShare) ? 30_000 : fromMs + random.next() * (toMs - fromMs),
  );
}

/** What is right for 3,000 calls: the polls of each, and the milliseconds between the end of an answer and its being seen. */
const expected = [
  {
    name: '5-10 s',
    durations: uniform(5_000, 10_000, 3_000),
    unlearned: 9,
    polls: 3.8,
    p50: 500,
    p95: 1_300,
  },
  {
    name: '5-10 s, 1 % 30 s',
    durations: uniform(5_000, 10_000, 3_000, 0.01),
    unlearned: 9,
    polls: 3.8,
    p50: 500,
    p95: 1_300,
  },
  {
    name: '5-30 s',
    durations: uniform(5_000, 30_000, 3_000),
    unlearned: 12,
    polls: 4,
    p50: 1_800,
    p95: 5_100,
  },
  { name: '1-3 s', durations: uniform(1_000, 3_000, 3_000), unlearned: 5, polls: 3, p50: 300, p95: 700 },
];

describe.each(expected)('polls of calls of $name', ({ durations, unlearned, polls, p50, p95 }) => {
  it('are few once durations are learned, and see the answers soon', () => {
    const times = new PollTimes();
    poll(times, durations.slice(0, 1_000));
    const learned = poll(times, durations.slice(1_000));
    expect(learned.polls).toBeLessThan(polls);
    expect(learned.lateP50).toBeLessThan(p50);
    expect(learned.lateP95).toBeLessThan(p95);
  });

  it('are bounded before anything is learned', () => {
    expect(poll(new PollTimes(), durations, false).polls).toBeLessThan(unlearned);
  });
});

describe('placed polls', () => {
  it('see calls that all take the same time at once', () => {
    expect(placePolls(Array.from({ length: 50 }, () => 7_000))).toEqual([7_000]);
  });

  it('leave no call unseen', () => {
    expect(placePolls([1_000, 2_000, 60_000]).at(-1)).toBe(60_000);
  });
});
