import { countLiving } from '../../cli/count-living';

const now = 1_000_000_000;
const poller = (identity: string, secondsAgo: number) => ({
  identity,
  lastAccessTime: {
    seconds: { toString: () => String(now / 1_000 - secondsAgo), valueOf: () => now / 1_000 - secondsAgo },
  },
});

test('workers that have not polled lately are not counted, and one that polls twice is one', () => {
  expect(countLiving([poller('a', 1), poller('a', 60), poller('b', 89), poller('dead', 92)], now)).toBe(2);
  expect(countLiving([{ identity: 'never' }], now)).toBe(0);
});
