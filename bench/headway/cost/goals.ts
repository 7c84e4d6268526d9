import { middleOf, rounded } from '../spread';
import type { Round } from './round';
import { systemCpuMs } from './sums';

/** Twice what the prototype took with the LLM call left out, in CPU-ms a job, everything but a simulator: SQLite, packs of 50; PostgreSQL, packs of 100. */
const CPU_MOST = { 'llm-0': { 'headway-50': 3.2 }, 'llm-10': { 'headway-100': 3.8 } } as const;

/** A sentence for each goal of which both sides were measured. */
export function goalLines(rounds: readonly Round[]): string[] {
  const values = (way: string, scenario: string, read: (round: Round) => number | undefined) =>
    rounds.flatMap((one) => (one.way === way && one.scenario === scenario ? (read(one) ?? []) : []));
  const middle = (...asked: Parameters<typeof values>) => middleOf(values(...asked));
  const speed = (way: string) => middle(way, 'llm-0', (round) => round.jobsPerSecond);
  const transitions = (way: string) => middle(way, 'llm-0', (round) => round.temporal?.transitions);
  const cpu = (way: string, scenario: string) =>
    middle(way, scenario, (round) => systemCpuMs(round) + round.cpuMsPerJob.load);
  return [
    atMost('state transitions a job with packs of 1', transitions('headway-1'), 8),
    atMost('state transitions a job with packs of 50', transitions('headway-50'), 1),
    ...Object.entries(CPU_MOST).flatMap(([scenario, ways]) =>
      Object.entries(ways).map(([way, most]) =>
        atMost(
          `CPU-ms a job, ${way} in ${scenario}, without the simulator`,
          cpu(way, scenario),
          most as number,
        ),
      ),
    ),
    atLeast('jobs/s against Restate, packs of 50', speed('headway-50') / speed('restate'), 2),
    atLeast('jobs/s against DBOS, packs of 50', speed('headway-50') / speed('dbos'), 5),
    ...['llm-10', 'llm-5-10'].flatMap((scenario) =>
      ['headway-1', 'headway-50'].map((way) =>
        atMost(
          `result lag p50 in seconds, ${way} in ${scenario}`,
          middle(way, scenario, ({ lagMs }) => lagMs.p50) / 1_000,
          1,
        ),
      ),
    ),
  ].flatMap((line) => line ?? []);
}

function atMost(what: string, value: number, bound: number): string | undefined {
  return line(`${what}: ${bound} or less`, value, value <= bound);
}

function atLeast(what: string, value: number, bound: number): string | undefined {
  return line(`${what}: ${bound} times or more`, value, value >= bound);
}

function line(goal: string, value: number, met: boolean): string | undefined {
  if (Number.isNaN(value)) return undefined;
  return `- Goal for ${goal}: ${met ? 'met' : 'not met'} (${rounded(value, 2)}).`;
}
