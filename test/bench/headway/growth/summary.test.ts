import type { Round } from '../../../../bench/headway/cost/round';
import { databaseMarkdown, databasePlot } from '../../../../bench/headway/growth/database-summary';
import { flatLine } from '../../../../bench/headway/growth/flat';
import { historyMarkdown, historyPlot } from '../../../../bench/headway/growth/history-summary';
import { workersMarkdown, workersPlot } from '../../../../bench/headway/growth/workers-summary';

const cpuMsPerJob = {
  ...{ broker: 1, engine: 2, database: 1, bridge: 0.5, worker: 5, enrichment: 0.5 },
  ...{ simulator: 10, load: 20 },
};
const round = (way: string, scenario: string, more: Partial<Round> = {}): Round => ({
  ...{ way, scenario, round: 0, jobs: 600, ms: 6_000, jobsPerSecond: 100, cpuMsPerJob },
  lagMs: { p50: 300, p95: 900 },
  temporal: { jobsPerWorkflow: 50, events: 0.8, transitions: 0.4 },
  ...more,
});
const temporalVersion = '1.29.1';

it('calls flat what differs by no more than the noise, in either direction', () => {
  expect(flatLine('Jobs/s', 100, 114)).toBe('- Jobs/s: flat (1.14 times).');
  expect(flatLine('Jobs/s', 100, 84)).toBe('- Jobs/s: not flat (0.84 times).');
  expect(flatLine('Jobs/s', Number.NaN, 84)).toBe('- Jobs/s: not measured on both sides.');
});

describe('workers', () => {
  const rounds = [
    ...[1, 2, 4].map((workers) => round(`workers-${workers}`, 'full')),
    ...[1, 2, 4].map((workers) => round(`workers-${workers}`, 'slots', { jobsPerSecond: 1.8 * workers })),
  ];
  const measured = { rounds, problems: ['4 workers: too slow'], temporalVersion };

  it('are compared with what the bound allows, and by CPU where that is short', () => {
    const text = workersMarkdown(measured, [1, 2, 4]);
    expect(text).toContain('| 1 | 100 | 10 | 5 | 2 |');
    expect(text).toContain('| 4 | 7.2 | 8 | 0.9 | 10 |');
    expect(text).toContain('CPU-ms a job with 4 workers against 1: flat (1 times).');
    expect(text).toContain('Bounded, jobs/s with 4 workers against 1: 4 times, where 4 would be all of it.');
    expect(text).toContain('- Not measured: 4 workers: too slow');
  });

  it('have a plot', async () => {
    const svg = await workersPlot(measured, [1, 2, 4]);
    for (const text of ['1 worker', '7.2', 'CPU is short', '4 workers do 4 times the jobs of one where'])
      expect(svg).toContain(text);
  });
});

describe('history', () => {
  const long = { jobsPerWorkflow: 50, events: 8, transitions: 4 };
  const dearer = { ...cpuMsPerJob, worker: 59 };
  const measured = {
    rounds: [round('waves-1', 'waves'), round('waves-10', 'waves', { temporal: long, cpuMsPerJob: dearer })],
    ...{ problems: [], temporalVersion },
  };

  it('is told by the length of a workflow, and by the CPU of each step more', () => {
    const text = historyMarkdown(measured, [1, 10]);
    expect(text).toContain('| 1 | 40 | 0.4 | 8 | - | 0.3 | 0.9 |');
    // 54 CPU-ms more for 3.6 transitions more.
    expect(text).toContain('| 10 | 400 | 4 | 62 | 15 | 0.3 | 0.9 |');
    expect(text).toContain('that 10 waves have more than 1 costs 15 CPU-ms');
  });

  it('has a plot', async () => {
    const svg = await historyPlot(measured, [1, 10]);
    expect(svg).toContain('10 waves, 400 events');
    expect(svg).toContain('Histories of 400 events instead of 40: each state transition more costs 15');
  });
});

describe('the database', () => {
  const closed = { workflows: 1_500, ms: 30_000, firstPerSecond: 60, lastPerSecond: 40 };
  const moment = (jobsPerSecond: number, databaseBytes: number) => ({
    ...{ rounds: [round('database', 'llm-0', { jobsPerSecond })], problems: [], databaseBytes },
  });
  const measured = {
    ...{ wanted: 2_000, closed, temporalVersion },
    ...{ before: moment(100, 2 ** 20), after: moment(81, 8 * 2 ** 20), again: moment(80, 2 ** 20) },
  };

  it('is compared before and after, and says how many workflows there really were', () => {
    const text = databaseMarkdown(measured);
    expect(text).toContain('after they were given 1500 closed workflows, and on other');
    expect(text).toContain('Time was up before all 2000 were there.');
    expect(text).toContain('| none | 100 | 10 | 3 | 0.3 | 1 |');
    expect(text).toContain('| 1500 | 81 | 10 | 3 | 0.3 | 8 |');
    expect(text).toContain('| none, afterwards | 80 | 10 | 3 | 0.3 | 1 |');
    expect(text).toContain('60/s at first, 40/s at last: not flat (0.67 times).');
    expect(databaseMarkdown({ ...measured, wanted: 1_500 })).not.toContain('Time was up');
  });

  it('is compared with empty servers before and after it, since a machine may have become slower', () => {
    const text = databaseMarkdown(measured);
    expect(text).toContain('- Jobs/s, against the mean of both empty ones: flat (0.9 times).');
    expect(text).toContain('- The machine, CPU-ms a job on empty servers afterwards: flat (1 times).');
  });

  it('is compared by what Temporal costs against the rest of its round, since the rest may have become cheaper meanwhile', () => {
    const cheaper = { ...cpuMsPerJob, engine: 1.5, worker: 2 };
    const rounds = [round('database', 'llm-0', { cpuMsPerJob: cheaper })];
    const text = databaseMarkdown({ ...measured, after: { ...measured.after, rounds } });
    // 3 of 10 before, 2.5 of 6.5 with the full database.
    expect(text).toContain('in the same round, likewise: not flat (1.46 times).');
  });

  it('has a plot', async () => {
    expect(await databasePlot(measured)).toContain(
      'Beside 1,500 closed workflows: 0.9 times the jobs a second of empty servers',
    );
  });
});
