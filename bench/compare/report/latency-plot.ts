import type { Run } from '../run';
import { seconds } from './measures';
import { colourOf, howMeasured, renderPlot, type Plot } from './plot';
import { median } from './summary';
import type { Written } from './written';

interface Distribution {
  title: string;
  colour: string;
  p5: number;
  p25: number;
  p50: number;
  p75: number;
  p95: number;
  p99: number;
  longest: number;
  note: string;
}

/** From sent to result, of all jobs of a scenario, on a logarithmic axis. Undefined when nobody had a result. */
export async function latencyPlot(written: Written, scenario: string): Promise<Plot | undefined> {
  const rows = written.contenders.flatMap((contender) => {
    const runs = written.runs.filter((run) => run.contender === contender.name && run.scenario === scenario);
    return distributionOf(contender, runs) ?? [];
  });
  if (rows.length === 0) return undefined;
  const x = (field: string, more = {}) => ({ field, type: 'quantitative', ...more });
  const y = { field: 'title', type: 'nominal', sort: null, title: null, axis: { labelLimit: 480 } };
  const color = { field: 'colour', type: 'nominal', scale: null };
  const axis = {
    title: 'seconds from sent to result (logarithmic)',
    scale: { type: 'log', nice: false, padding: 12 },
    axis: { values: [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200], format: '~g', grid: true },
  };
  return renderPlot(
    {
      name: `latency-${scenario}`,
      title: finding(written, scenario),
      subtitle: [
        'Box: the middle half of the jobs, its line the median; whisker: 5 % to 95 %; dot: 99 %; tick: the longest. Only jobs that have a result; how many have none is said at the right.',
        howMeasured(written, scenario),
      ],
    },
    {
      width: 620,
      height: { step: 34 },
      data: { values: rows },
      layer: [
        {
          mark: { type: 'rule', strokeWidth: 1.5 },
          encoding: { x: x('p5', axis), x2: { field: 'p95' }, y, color },
        },
        {
          mark: { type: 'bar', height: 16, opacity: 0.55 },
          encoding: { x: x('p25'), x2: { field: 'p75' }, y, color },
        },
        { mark: { type: 'tick', thickness: 3, size: 16 }, encoding: { x: x('p50'), y, color } },
        { mark: { type: 'point', filled: true, size: 45, opacity: 1 }, encoding: { x: x('p99'), y, color } },
        { mark: { type: 'tick', thickness: 1.5, size: 9 }, encoding: { x: x('longest'), y, color } },
        {
          mark: { type: 'text', align: 'left', baseline: 'middle', fontSize: 12, color: '#333' },
          encoding: { x: { value: 632 }, y, text: { field: 'note' } },
        },
      ],
    },
  );
}

function distributionOf(
  { name, title }: { name: string; title: string },
  runs: Run[],
): Distribution | undefined {
  const all = runs.flatMap((run) => run.figures?.each.latencyMs ?? []);
  const done = all.filter((ms) => ms >= 0).sort((a, b) => a - b);
  if (done.length === 0) return undefined;
  const at = (share: number) => Math.max(1, done[Math.max(0, Math.ceil(share * done.length) - 1)]!) / 1_000;
  const without = all.length - done.length;
  return {
    ...{ title, colour: colourOf(name), p5: at(0.05), p25: at(0.25), p50: at(0.5), p75: at(0.75) },
    ...{ p95: at(0.95), p99: at(0.99), longest: at(1) },
    note: without === 0 ? 'all have a result' : `${shareOf(without, all.length)} have none`,
  };
}

function shareOf(part: number, all: number): string {
  const percent = (100 * part) / all;
  return `${percent < 10 ? percent.toFixed(1) : Math.round(percent)} %`;
}

/** With those that have no result counted by what they have waited so far. */
function finding({ contenders, runs }: Written, scenario: string): string {
  const medians = contenders.flatMap(({ name, title }) => {
    const own = runs.flatMap((run) =>
      run.contender === name && run.scenario === scenario && run.figures ? [run.figures.latencyMs.p95] : [],
    );
    const ms = median(own.map((one) => one.ms));
    return ms === undefined ? [] : [{ title, ms, atLeast: own.some((one) => one.atLeast) }];
  });
  const [best, worst] = [...medians]
    .sort((a, b) => a.ms - b.ms)
    .filter((_, index, all) => index === 0 || index === all.length - 1);
  const say = (one: { title: string; ms: number; atLeast: boolean }) =>
    `${one.atLeast ? 'more than ' : ''}${seconds(one.ms)} s with “${one.title}”`;
  if (!best) return 'Nobody had a result';
  if (!worst) return `95 % of the jobs have their result after ${say(best)}`;
  return `95 % of the jobs have their result after ${say(best)}, after ${say(worst)}`;
}
