import type { Written } from './written';
import { conditions, measures, seconds, type Measure } from './measures';
import { neighbourDelays, summarise, type Row, type Spread } from './summary';
import { allScenarios } from '../scenarios';

/** Everything that was measured, in Markdown. */
export function markdown(written: Written): string {
  const rows = summarise(written.contenders, written.runs);
  const scenarios = [...new Set(rows.map(({ scenario }) => scenario))];
  return [
    `# Ways of consuming, side by side: ${written.date}`,
    method(written),
    ...scenarios.flatMap((name) => [
      `## ${name}: ${allScenarios.find((one) => one.name === name)?.title ?? name}`,
      conditionsLine(rows.filter(({ scenario }) => scenario === name)),
      scenarioTable(rows.filter(({ scenario }) => scenario === name)),
    ]),
    ...neighbourSection(written),
    '## Contenders',
    ...written.contenders.map(({ name, title, about }) => `- **${title}** (\`${name}\`): ${about}`),
    ...written.notRun.map(({ title, name, reason }) => `- **${title}** (\`${name}\`): not run: ${reason}`),
    ...problemsSection(rows),
    '',
  ].join('\n\n');
}

function method({ machine, options, command }: Written): string {
  const { repetitions, timeScale, seed, slots, consumers } = options;
  const spread = repetitions > 1 ? `medians of ${repetitions} runs (lowest-highest)` : 'one run each';
  return (
    `${machine}. \`${command}\`: ${spread}; every time is multiplied by ${timeScale} (a call takes ${5 * timeScale}-${10 * timeScale} s); ` +
    `${consumers} consumers with ${slots} jobs at a time each; seed ${seed}. CPU and memory are those of all processes of a contender, its servers and the ` +
    'broker; the simulator and the harness are not in them. A value with ≥ is a lower bound: some jobs still waited when watching ended.'
  );
}

function conditionsLine(rows: Row[]): string {
  const cell = (measure: Measure) => {
    const spreads = rows.flatMap((row) => row.spreads[measure.name] ?? []);
    const values = spreads.flatMap(({ lowest, highest }) => [lowest, highest]);
    const [low, high] = [measure.format(Math.min(...values)), measure.format(Math.max(...values))];
    return values.length === 0 ? '' : `${measure.title} ${low === high ? low : `${low}-${high}`}`;
  };
  return `${conditions.map(cell).filter(Boolean).join(', ')}.`;
}

function scenarioTable(rows: Row[]): string {
  const shown = measures.filter(({ name }) => rows.some((row) => row.spreads[name] !== undefined));
  const lines = rows.map((row) => {
    const cells = shown.map((measure) => cellOf(measure, row.spreads[measure.name]));
    return `| ${row.contender.title}${row.runs === 0 ? ' (failed)' : ''} | ${cells.join(' | ')} |`;
  });
  return [
    `| | ${shown.map(({ title }) => title).join(' | ')} |`,
    `|---|${shown.map(() => '---|').join('')}`,
    ...lines,
  ].join('\n');
}

function cellOf({ format }: Measure, spread: Spread | undefined): string {
  if (spread === undefined) return '-';
  const [median, lowest, highest] = [spread.median, spread.lowest, spread.highest].map(format);
  return `${spread.atLeast ? '≥ ' : ''}${median}${lowest === highest ? '' : ` (${lowest}-${highest})`}`;
}

function neighbourSection({ contenders, runs }: Written): string[] {
  const delays = neighbourDelays(contenders, runs);
  if (delays.length === 0) return [];
  const lines = delays.map(
    ({ contender, p99Ms, worstMs }) => `| ${contender.title} | ${seconds(p99Ms)} | ${seconds(worstMs)} |`,
  );
  return [
    '## What a slow job costs its neighbours',
    'Time in the queue in `straggler`, less what it is in `calm`.',
    ['| | p99, s | worst, s |', '|---|---|---|', ...lines].join('\n'),
  ];
}

function problemsSection(rows: Row[]): string[] {
  const lines = rows.flatMap(({ contender, scenario, problems }) =>
    problems.map((problem) => `- ${contender.title}, ${scenario}: ${problem}`),
  );
  return lines.length === 0 ? [] : ['## What went wrong', lines.join('\n')];
}
