import { spread, table } from '../spread';
import { goalLines } from './goals';
import { benchParts, partTitles, systemParts, type PartName } from './parts';
import type { Round } from './round';
import type { LlmScenario } from './scenarios';
import { systemCpuMs, wholeCpuMs } from './sums';
import type { Way } from './way';

export interface Measured {
  ways: readonly Pick<Way, 'name' | 'title' | 'about'>[];
  scenarios: readonly LlmScenario[];
  rounds: readonly Round[];
  temporalVersion: string;
  /** By way: why it has no rounds. */
  problems: readonly string[];
}

export function costMarkdown(measured: Measured): string {
  const { ways, scenarios, problems, temporalVersion } = measured;
  return [
    'Kafka in to Kafka out, each round on topics of its own after a warm-up; rounds alternate. Nobody waits for a slot. Median (lowest-highest). ' +
      'CPU is that of process trees until the last workflow is closed. The result lag is the time from the end of the LLM call to the result on ' +
      'its topic. Restate and DBOS do not enrich and do not post-process; Headway and the straightforward workflow do both, with the same pipeline. ' +
      `Temporal server ${temporalVersion}.`,
    ...scenarios.flatMap((scenario) => [
      `### ${scenario.title}`,
      speedTable(measured, scenario.name),
      cpuTable(measured, scenario.name),
    ]),
    goalLines(measured.rounds).join('\n'),
    ways.map(({ title, about }) => `- **${title}**: ${about}.`).join('\n'),
    ...(problems.length > 0 ? [problems.map((problem) => `- Not measured: ${problem}`).join('\n')] : []),
  ].join('\n\n');
}

function speedTable({ ways, rounds }: Measured, scenario: string): string {
  const head = ['way', 'jobs a round', 'jobs/s', 'jobs a workflow', 'transitions a job', 'events a job'];
  const rows = rowsOf(ways, rounds, scenario, (own) => [
    spread(own.map(({ jobs }) => jobs)),
    spread(own.map(({ jobsPerSecond }) => jobsPerSecond)),
    ...(['jobsPerWorkflow', 'transitions', 'events'] as const).map((measure) =>
      spread(
        own.flatMap(({ temporal }) => temporal?.[measure] ?? []),
        2,
      ),
    ),
    spread(
      own.map(({ lagMs }) => lagMs.p50 / 1_000),
      2,
    ),
    spread(
      own.map(({ lagMs }) => lagMs.p95 / 1_000),
      2,
    ),
  ]);
  return table([...head, 'result lag p50, s', 'p95, s'], rows);
}

function cpuTable({ ways, rounds }: Measured, scenario: string): string {
  const parts: PartName[] = [...systemParts, ...benchParts];
  const rows = rowsOf(ways, rounds, scenario, (own) => [
    ...parts.map((part) =>
      spread(
        own.map(({ cpuMsPerJob }) => cpuMsPerJob[part]),
        1,
      ),
    ),
    spread(own.map(systemCpuMs), 1),
    spread(own.map(wholeCpuMs), 1),
  ]);
  return table(
    ['CPU-ms a job', ...parts.map((part) => partTitles[part]), 'system', 'with simulator and load'],
    rows,
  );
}

/** A row for each way that has rounds. */
function rowsOf(
  ways: Measured['ways'],
  rounds: readonly Round[],
  scenario: string,
  cells: (own: Round[]) => string[],
): string[][] {
  return ways.flatMap(({ name, title }) => {
    const own = rounds.filter((round) => round.way === name && round.scenario === scenario);
    return own.length === 0 ? [] : [[title, ...cells(own)]];
  });
}
