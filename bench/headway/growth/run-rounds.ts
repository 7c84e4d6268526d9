import { messageOf } from '../../../contracts/errors';
import type { PlannedRecord } from '../../compare/schedule';
import type { BenchStack } from '../bench-stack';
import { measureRound } from '../cost/measure-round';
import type { Round } from '../cost/round';
import type { LlmScenario } from '../cost/scenarios';
import type { Way } from '../cost/way';
import type { MeasurementOptions } from '../measurement';
import { rotated } from '../rotated';

/** Something to measure once a round. */
export interface Case {
  way: Way;
  scenario: LlmScenario;
  jobs: number;
  planned?: PlannedRecord[];
}

export interface Rounds {
  rounds: Round[];
  /** Why one has no figures. */
  problems: string[];
}

/**
 * Measures every case so many times, alternating.
 *
 * @throws Error when nothing could be measured
 */
export async function runRounds(
  bench: BenchStack,
  cases: readonly Case[],
  { repetitions, seed, report, log }: { repetitions: number } & MeasurementOptions,
): Promise<Rounds> {
  const found: Rounds = { rounds: [], problems: [] };
  let done = 0;
  for (let round = 0; round < repetitions; round++) {
    for (const one of rotated(cases, round)) {
      const { title } = one.way;
      const place = `${++done} of ${repetitions * cases.length}: ${title}, ${one.scenario.title}`;
      const onProgress = (doing: string) => report.progress(() => `${place}: ${doing}`);
      try {
        const measured = await measureRound(bench, { ...one, round, seed, log, onProgress });
        log(`${title}, ${one.scenario.title}: ${Math.round(measured.jobsPerSecond)} jobs/s`);
        found.rounds.push(measured);
      } catch (error) {
        // The others may do better.
        found.problems.push(`${title}, ${one.scenario.title}: ${messageOf(error)}`);
        log(found.problems.at(-1) ?? '');
      }
    }
  }
  if (found.rounds.length === 0) throw new Error(found.problems.join('; '));
  return found;
}
