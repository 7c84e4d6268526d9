import { cpuPlot } from '../../../../bench/headway/cost/cpu-plot';
import { goalLines } from '../../../../bench/headway/cost/goals';
import { lagOf, perJob, type Round } from '../../../../bench/headway/cost/round';
import { llmScenarios, planJobs } from '../../../../bench/headway/cost/scenarios';
import { costMarkdown } from '../../../../bench/headway/cost/summary';
import { systemCpuMs, wholeCpuMs } from '../../../../bench/headway/cost/sums';
import { ways } from '../../../../bench/headway/cost/ways';

const cpuMsPerJob = {
  ...{ broker: 1, engine: 2, database: 0.5, bridge: 0.25, worker: 4, enrichment: 0.25 },
  ...{ simulator: 10, load: 20 },
};
const round = (way: string, more: Partial<Round> = {}): Round => ({
  ...{ way, scenario: 'llm-0', round: 0, jobs: 100, ms: 1_000, jobsPerSecond: 100, cpuMsPerJob },
  lagMs: { p50: 300, p95: 900 },
  ...more,
});
const temporal = { jobsPerWorkflow: 50, events: 0.7, transitions: 0.4 };
const [atOnce, tenSeconds] = llmScenarios;

it('tells the system from what is there for the measurement', () => {
  expect(systemCpuMs({ cpuMsPerJob })).toBe(8);
  expect(wholeCpuMs({ cpuMsPerJob })).toBe(38);
});

it('counts the lag from the end of the call of the same job', () => {
  const call = (job: string, at: number, what: 'completed' | 'accepted' = 'completed') => ({
    job,
    call: 1,
    what,
    at,
  });
  const results = [
    { id: 'a', at: 150 },
    { id: 'b', at: 1_200 },
  ];
  const calls = [call('b', 1_000), call('a', 1, 'accepted'), call('a', 100)];
  expect(lagOf(results, calls)).toEqual({ p50: 50, p95: 200 });
  expect(() => lagOf(results, calls.slice(0, 2))).toThrow('no call of job a');
});

it('divides by jobs, and jobs by workflows', () => {
  expect(perJob({ workflows: 4, events: 140, transitions: 80 }, 200)).toEqual({
    ...{ jobsPerWorkflow: 50, events: 0.7, transitions: 0.4 },
  });
});

describe('jobs', () => {
  const plan = (scenario = llmScenarios[2]!, seed = 1) =>
    planJobs(scenario, { prefix: 'job', count: 200, seed });

  it('take as long as the scenario says, each its own time, the same by the seed', () => {
    const latencies = plan().map(({ latencyMs }) => latencyMs);
    expect(Math.min(...latencies)).toBeGreaterThanOrEqual(5_000);
    expect(Math.max(...latencies)).toBeLessThanOrEqual(10_000);
    expect(new Set(latencies).size).toBeGreaterThan(150);
    expect(plan()).toEqual(plan());
    expect(plan(llmScenarios[2], 2)).not.toEqual(plan());
    expect(plan(tenSeconds).every(({ latencyMs }) => latencyMs === 10_000)).toBe(true);
  });

  it('fill their packs in every one of the 12 partitions', () => {
    for (const { name, jobs } of ways) {
      const packMax = Number(/^headway-(\d+)$/.exec(name)?.[1] ?? 1);
      for (const count of Object.values(jobs)) expect([name, count % (12 * packMax)]).toEqual([name, 0]);
    }
  });
});

describe('goals', () => {
  it('are compared where both sides were measured', () => {
    const lines = goalLines([
      round('headway-1', { temporal: { ...temporal, transitions: 12 } }),
      round('headway-50', { temporal, jobsPerSecond: 300 }),
      round('restate', { jobsPerSecond: 200 }),
    ]).join('\n');
    expect(lines).toContain('transitions a job with packs of 1: 8 or less: not met (12).');
    expect(lines).toContain('transitions a job with packs of 50: 1 or less: met (0.4).');
    expect(lines).toContain('against Restate, packs of 50: 2 times or more: not met (1.5).');
    expect(lines).not.toContain('DBOS');
    expect(lines).not.toContain('lag');
  });

  it('take the median of the rounds', () => {
    const speeds = [900, 100, 950].map((jobsPerSecond) => round('headway-50', { jobsPerSecond }));
    expect(goalLines([...speeds, round('dbos', { jobsPerSecond: 100 })]).join('\n')).toContain('met (9)');
  });

  it('ask for a result within a second of the end of the call', () => {
    const late = round('headway-50', { scenario: 'llm-10', lagMs: { p50: 1_200, p95: 2_000 } });
    expect(goalLines([late]).join('\n')).toContain('headway-50 in llm-10: 1 or less: not met (1.2).');
  });
});

describe('the report', () => {
  const measured = {
    ways: ways.map(({ name, title, about }) => ({ name, title, about })),
    scenarios: [atOnce!],
    rounds: [round('headway-50', { temporal }), round('restate', { jobsPerSecond: 250 })],
    temporalVersion: '1.29.1',
    problems: ['DBOS Transact: no initdb'],
  };

  it('has a row for each way that was measured, and says which was not', () => {
    const text = costMarkdown(measured);
    expect(text).toContain('| Headway, packs of 50 | 100 | 100 | 50 | 0.4 | 0.7 | 0.3 | 0.9 |');
    expect(text).toContain('| Restate | 100 | 250 | - | - | - | 0.3 | 0.9 |');
    expect(text).toContain('| Headway, packs of 50 | 1 | 2 | 0.5 | 0.3 | 4 | 0.3 | 10 | 20 | 8 | 38 |');
    expect(text).not.toContain('| Headway, packs of 1 |');
    expect(text).toContain('Temporal server 1.29.1');
    expect(text).toContain('- Not measured: DBOS Transact: no initdb');
  });

  it('has a plot that names the ways and the parts', async () => {
    const svg = await cpuPlot(measured, 'One round.');
    for (const text of ['Headway, packs of 50', 'Restate', 'worker', 'LLM simulator', 'LLM answers at once'])
      expect(svg).toContain(text);
    expect(svg).not.toContain('DBOS');
  });

  it('says in the title of the plot how much cheaper packs are, where both were measured', async () => {
    expect(await cpuPlot(measured, 'One round.')).toContain('What a job costs');
    const dear = round('straightforward', { cpuMsPerJob: { ...cpuMsPerJob, engine: 90 } });
    const svg = await cpuPlot({ ...measured, rounds: [...measured.rounds, dear] }, 'One round.');
    expect(svg).toContain('Packs of 50 make a job 12 times cheaper');
    expect(svg.replaceAll(/<[^>]*>/g, ' ')).toMatch(/8\s+instead\s+of\s+96\s+CPU-ms/);
  });
});
