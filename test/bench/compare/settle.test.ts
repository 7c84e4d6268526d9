import { settle, type SettleOptions } from '../../../bench/compare/settle';
import { now } from '../../../bench/compare/clock';

const limits = { lingerMs: 50, quietMs: 5_000, mostMs: 20_000 };
const settled = (more: Partial<SettleOptions>) =>
  settle({
    ...{ expected: ['a', 'b'], ended: new Set(['a', 'b']), callsInFlight: () => 0, lastAt: () => 0 },
    ...{ held: () => Promise.resolve(1), limits },
    ...more,
  });

it('ends when everything is done', async () => {
  expect(await settled({})).toBe('all done');
});

it('does not end while a call is in flight: its answer may be a second result', async () => {
  let looks = 0;
  expect(await settled({ callsInFlight: () => (looks++ < 5 ? 1 : 0) })).toBe('all done');
  expect(looks).toBeGreaterThan(5);
});

it('lingers after the last thing that happened', async () => {
  let looks = 0;
  const lastAt = () => (looks++ < 5 ? now() : 0);
  await settled({ lastAt });
  expect(looks).toBeGreaterThan(5);
});

it('gives up what is missing as soon as nobody holds it', async () => {
  const asked: string[][] = [];
  const held = (ids: string[]) => {
    asked.push(ids);
    return Promise.resolve(0);
  };
  expect(await settled({ ended: new Set(['a']), held })).toBe('nothing held any more');
  expect(asked).toEqual([['b']]);
});

it('waits for what is held, until it has been quiet for long', async () => {
  const quiet = { ...limits, quietMs: 300 };
  expect(await settled({ ended: new Set(['a']), limits: quiet })).toBe('quiet');
});

it('does not wait for ever', async () => {
  const short = { ...limits, mostMs: 300 };
  expect(await settled({ ended: new Set(['a']), callsInFlight: () => 1, limits: short })).toBe('time is up');
});
