import { perJobOf, steadyMarkdown, steadyPlot } from '../../../../bench/headway/steady/summary';
import { steadyCases } from '../../../../bench/headway/steady/cases';
import { figures, pointOf } from '../sizing/figures';

const measured = { ...figures, cases: steadyCases, problems: ['slower: too slow'] };

it('tells what jobs come to beside what is spent while nothing arrives', () => {
  const text = steadyMarkdown(measured);
  expect(text).toContain('| CPU-ms a second | 20 | 20 | 0 | 20 | 20 | 20 |');
  // 4 + (40 + 10) / 50 of the worker, 0.5 + (5 + 1) / 50 of each other, and the simulator's and the load's 0.6 are not the system's.
  expect(text).toMatch(/all calls 7\.5 s \| 40 \| 50 \| 1 \| 1 \| 0\.24 .*\| 8\.5 \|/);
  expect(text).toContain('- Not measured: slower: too slow');
});

it('tells how long jobs wait, and whether the goal is met', () => {
  expect(steadyMarkdown(measured)).toContain('| 0.2 | 0.48 | 0.6 | 0.7 | 1.2 | 1.6 |');
  expect(steadyMarkdown(measured)).toContain('under 1 s: met (0.7)');
  const late = { ...pointOf(steadyCases.find(({ name }) => name === 'default')!) };
  const points = [{ ...late, lagMs: { p50: 1_000, p95: 1, p99: 1 } }];
  expect(steadyMarkdown({ ...measured, points })).toContain('under 1 s: not met (1)');
});

it('takes the median of the idle rounds', () => {
  const [idle, small] = [pointOf(steadyCases[0]!), pointOf(steadyCases[1]!)];
  const twice = { ...idle, cpuMsPerSecond: { ...idle.cpuMsPerSecond, worker: 1_000 } };
  const once = perJobOf(small, [idle], ['worker']);
  expect(perJobOf(small, [idle, twice, idle], ['worker'])).toBe(once);
});

it('has a plot that is titled with what was found', async () => {
  const svg = await steadyPlot(measured, 'One round.');
  expect(svg).toMatch(
    /At a steady rate a job costs [\d.]+ CPU-ms, and half of the results come 0\.7 s after/,
  );
});
