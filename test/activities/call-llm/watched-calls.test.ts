import { WatchedCalls } from '../../../activities/call-llm/watched-calls';

const call = (callId: string) => ({ callId, startedAt: Date.now() });

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

it('a call is watched from its start, and over the moment between two waves', () => {
  const watched = new WatchedCalls();
  const one = call('a');
  expect(watched.isWatched(one)).toBe(true);
  for (let wave = 0; wave < 10; wave++) {
    jest.advanceTimersByTime(4_000);
    expect(watched.isWatched(one)).toBe(true);
    watched.lookAway('a');
  }
});

it('a call that nobody has looked at for longer is not, whoever has made it', () => {
  const watched = new WatchedCalls();
  const [one, other] = [call('a'), call('b')];
  watched.lookAway('a');
  jest.advanceTimersByTime(6_000);
  watched.lookAway('c');
  expect([one, other].map((each) => watched.isWatched(each))).toEqual([false, false]);
});
