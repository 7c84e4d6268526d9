import { toRound, type Round, type Way } from '../../../../bench/headway/handoff/round';
import { handoffMarkdown, ratios } from '../../../../bench/headway/handoff/summary';

const round = (way: Way, number: number, perSecond: number): Round =>
  toRound({ way, round: number, records: 100, ms: 100_000 / perSecond }, { own: 250, server: 1_000 });

const rounds = [
  ...[round('bare', 0, 100), round('consumer', 0, 100), round('packs-1', 0, 90), round('packs-50', 0, 1_500)],
  ...[
    round('packs-1', 1, 200),
    round('bare', 1, 200),
    round('consumer', 1, 160),
    round('packs-50', 1, 1_600),
  ],
];

it('compares a round with the bare loop of the same round, whichever came first', () => {
  expect(ratios(rounds, 'packs-1')).toEqual([0.9, 1]);
  expect(ratios(rounds, 'packs-50')).toEqual([15, 8]);
  expect(ratios(rounds, 'packs-1', 'consumer')).toEqual([0.9, 1.25]);
});

it('leaves out a round without a bare loop', () => {
  expect(ratios([...rounds, round('packs-1', 2, 50)], 'packs-1')).toEqual([0.9, 1]);
});

it('counts CPU by record', () => {
  expect(round('packs-1', 0, 100)).toMatchObject({ cpuMsPerRecord: 2.5, serverCpuMsPerRecord: 10 });
});

it('has the ratios with their spread in the table, and says which goal is met', () => {
  const text = handoffMarkdown({ rounds, concurrency: 12, temporalVersion: '1.29.1' });
  expect(text).toContain('Temporal server 1.29.1');
  expect(text).toContain('12 starts at a time');
  expect(text).toContain(
    '| bridge, packs of 50 | 100 | 1550 (1500-1600) | 11.5 (8-15) | 12.5 (10-15) | 2.5 | 10 |',
  );
  expect(text).toContain(
    '| plain consumer that starts and commits | 100 | 130 (100-160) | 0.9 (0.8-1) | 1 | 2.5 | 10 |',
  );
  expect(text).toContain('packs of 1: 0.95 times the bare loop or better: met (0.95).');
  expect(
    handoffMarkdown({ rounds: rounds.slice(0, 3), concurrency: 12, temporalVersion: '1.29.1' }),
  ).toContain('better: not met (0.9).');
});
