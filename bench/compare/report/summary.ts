import type { Contender } from '../../contenders/contender';
import type { Figures, Run } from '../run';
import { conditions, measures, type Measure } from './measures';

/** Over the repetitions. */
export interface Spread {
  median: number;
  lowest: number;
  highest: number;
  /** One of the values is a lower bound. */
  atLeast: boolean;
}

/** A contender in a scenario. */
export interface Row {
  contender: Pick<Contender, 'name' | 'title'>;
  scenario: string;
  /** Those with figures. */
  runs: number;
  spreads: Partial<Record<string, Spread>>;
  problems: string[];
}

/** What stragglers cost the others: waiting in the queue in `straggler`, less what it is in `calm`. */
export interface NeighbourDelay {
  contender: Pick<Contender, 'name' | 'title'>;
  p99Ms: number;
  worstMs: number;
}

/** A row for each contender and scenario that has a run, in the order of both. */
export function summarise(contenders: readonly Row['contender'][], runs: readonly Run[]): Row[] {
  const scenarios = [...new Set(runs.map(({ scenario }) => scenario))];
  return scenarios.flatMap((scenario) =>
    contenders.flatMap((contender) => {
      const own = runs.filter((run) => run.contender === contender.name && run.scenario === scenario);
      if (own.length === 0) return [];
      const figures = own.flatMap((run) => run.figures ?? []);
      const spreads = Object.fromEntries(
        [...measures, ...conditions].map((measure) => [measure.name, spreadOf(measure, figures)]),
      );
      const { name, title } = contender;
      const problems = own.flatMap((run) => run.problems);
      return [{ contender: { name, title }, scenario, runs: figures.length, spreads, problems }];
    }),
  );
}

/** For those that ran in both scenarios. */
export function neighbourDelays(
  contenders: readonly Row['contender'][],
  runs: readonly Run[],
): NeighbourDelay[] {
  return contenders.flatMap((contender) => {
    const queue = (scenario: string, read: (figures: Figures) => number) =>
      median(
        runs.flatMap((run) =>
          run.contender === contender.name && run.scenario === scenario && run.figures
            ? [read(run.figures)]
            : [],
        ),
      );
    const differences = [
      (figures: Figures) => figures.queueMs.p99.ms,
      (figures: Figures) => figures.queueMs.worst.ms,
    ].map((read) => {
      const [calm, straggler] = [queue('calm', read), queue('straggler', read)];
      return calm === undefined || straggler === undefined ? undefined : straggler - calm;
    });
    const [p99Ms, worstMs] = differences;
    return p99Ms === undefined || worstMs === undefined ? [] : [{ contender, p99Ms, worstMs }];
  });
}

function spreadOf(measure: Measure, figures: Figures[]): Spread | undefined {
  const values = figures.flatMap((one) => measure.read(one) ?? []);
  const middle = median(values);
  if (middle === undefined) return undefined;
  return {
    median: middle,
    lowest: Math.min(...values),
    highest: Math.max(...values),
    atLeast: figures.some((one) => measure.atLeast?.(one) ?? false),
  };
}

/** Of an even number the mean of the two in the middle. */
export function median(values: number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return low === undefined || high === undefined ? undefined : (low + high) / 2;
}
