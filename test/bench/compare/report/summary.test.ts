import { lostPlot } from '../../../../bench/compare/report/lost-plot';
import { median, neighbourDelays, summarise } from '../../../../bench/compare/report/summary';
import type { Figures, Run } from '../../../../bench/compare/run';

const over = (ms: number) => ({ ms, atLeast: false });
const figures = (more: Partial<Figures>): Figures => ({
  ...{ jobs: 100, completed: 100, failed: 0, deadLettered: 0, lost: 0, unfinished: 0, duplicated: 0 },
  ...{ wastedCalls: 0, poison: 0, poisonDeadLettered: 0, jobsPerSecond: 10, slotUse: 0.5, peakInFlight: 50 },
  queueMs: { p50: over(10), p95: over(20), p99: over(30), worst: over(40) },
  latencyMs: { p50: over(1_000), p95: over(2_000), p99: over(3_000), worst: over(4_000) },
  ...{ recoveryMs: undefined, offeredPerSecond: 10, sentPerSecond: 10, worstLateMs: 1, refused: 0 },
  ...{ settledBy: 'all done', watchedMs: 1, harnessCpuMs: 1, struck: [] },
  usage: {
    consumers: { cpuMs: 100, peakMegabytes: 1 },
    servers: { cpuMs: 200, peakMegabytes: 2 },
    broker: { cpuMs: 400, peakMegabytes: 4 },
    simulator: { cpuMs: 9_000, peakMegabytes: 9 },
  },
  timeline: { everyMs: 250, inFlight: [] },
  each: { queueMs: [], latencyMs: [] },
  ...more,
});
const run = (contender: string, scenario: string, more?: Partial<Figures>, problems: string[] = []): Run => ({
  ...{ contender, scenario, repetition: 0, problems },
  ...(more && { figures: figures(more) }),
});
const contenders = [
  { name: 'a', title: 'A' },
  { name: 'b', title: 'B' },
];

it('takes the median, with the lowest and the highest', () => {
  const [row] = summarise(
    contenders,
    [9, 1, 4].map((lost) => run('a', 'crash', { lost })),
  );
  expect(row?.runs).toBe(3);
  expect(row?.spreads.lost).toEqual({ median: 4, lowest: 1, highest: 9, atLeast: false });
  expect(median([4, 1])).toBe(2.5);
  expect(median([])).toBeUndefined();
});

it('has a row for what failed too, with what went wrong', () => {
  const runs = [run('a', 'crash', { lost: 1 }), run('b', 'crash', undefined, ['it hung'])];
  const [, b] = summarise(contenders, runs);
  expect(b).toMatchObject({ contender: { name: 'b' }, runs: 0, problems: ['it hung'] });
  expect(b?.spreads.lost).toBeUndefined();
});

it('says that a median is a lower bound when one of its values is', () => {
  const queueMs = { ...figures({}).queueMs, p95: { ms: 50, atLeast: true } };
  const [row] = summarise(contenders, [run('a', 'calm', {}), run('a', 'calm', { queueMs })]);
  expect(row?.spreads.queueP95?.atLeast).toBe(true);
  expect(row?.spreads.queueP50?.atLeast).toBe(false);
});

it('counts CPU of the contender, its servers and the broker, by job that is done', () => {
  const [row] = summarise(contenders, [run('a', 'calm', { completed: 50 })]);
  expect(row?.spreads.cpuMsPerJob?.median).toBe(14);
  expect(row?.spreads.ownMegabytes?.median).toBe(3);
});

it('takes for the delay of neighbours how much longer jobs wait beside stragglers than in calm', () => {
  const queue = (p99: number, worst: number) => ({
    queueMs: { ...figures({}).queueMs, p99: over(p99), worst: over(worst) },
  });
  const runs = [
    ...[run('a', 'calm', queue(10, 20)), run('a', 'straggler', queue(1_010, 5_020))],
    // Ran in one of them only.
    run('b', 'straggler', queue(1, 1)),
  ];
  expect(neighbourDelays(contenders, runs)).toEqual([
    { contender: contenders[0], p99Ms: 1_000, worstMs: 5_000 },
  ]);
});

describe('the plot of what was lost', () => {
  const written = (...ofA: Partial<Figures>[]) => ({
    ...{ date: '2026-11-28', machine: '2 cores', command: 'npm run bench', versions: {}, notRun: [] },
    options: { mode: 'quick', repetitions: 3, seed: 1, timeScale: 0.2, slots: 50, consumers: 2 },
    contenders: contenders.map((one) => ({ ...one, about: '' })),
    runs: [...ofA.map((more) => run('a', 'crash', more)), run('b', 'crash', { lost: 7 })],
  });
  const titleOf = async (...ofA: Partial<Figures>[]) => {
    const plot = await lostPlot(written(...ofA), 'crash');
    // A long title is broken into lines.
    return (plot?.svg ?? '').replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');
  };

  it('calls nobody clean whose worst run was not, whatever the median says', async () => {
    expect(await titleOf({}, {}, {})).toContain('without a loss, a second result or a second call: A');
    for (const worst of [{ wastedCalls: 3 }, { unfinished: 1 }, { deadLettered: 1 }])
      expect(await titleOf({}, {}, worst)).toContain('nobody finished in every run');
  });
});
