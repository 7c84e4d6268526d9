import { middleOf, rounded, spread, table } from '../spread';
import { titles, ways, type Round, type Way } from './round';

/** Of records/s against the bare loop of the same round. */
const goals = { 'packs-1': 0.95, 'packs-50': 10 } as const;

export interface Handoff {
  /** Starts at a time: what the bridge does by default. */
  concurrency: number;
  temporalVersion: string;
  rounds: readonly Round[];
}

export function handoffMarkdown({ rounds, concurrency, temporalVersion }: Handoff): string {
  return [
    `Records a second into Temporal, ${concurrency} starts at a time, no worker. Rounds alternate; ratios are those to the same round. ` +
      `The plain consumer reads nothing of a record: it starts, and commits as the bridge does. Beside the bare loop it shows what Kafka costs where everything shares the CPU. Median (lowest-highest). Temporal server ${temporalVersion}.`,
    table(
      [
        ...['way', 'records a round', 'records/s', 'to the bare loop', 'to the plain consumer'],
        ...['CPU-ms a record', 'CPU-ms a record, Temporal'],
      ],
      ways.map((way) => {
        const own = rounds.filter((one) => one.way === way);
        return [
          titles[way],
          spread(own.map((one) => one.records)),
          spread(own.map((one) => one.perSecond)),
          way === 'bare' ? '1' : spread(ratios(rounds, way), 2),
          way === 'consumer' ? '1' : spread(ratios(rounds, way, 'consumer'), 2),
          spread(
            own.map((one) => one.cpuMsPerRecord),
            2,
          ),
          spread(
            own.map((one) => one.serverCpuMsPerRecord),
            2,
          ),
        ];
      }),
    ),
    [goalLine(rounds, 'packs-1'), goalLine(rounds, 'packs-50')].join('\n'),
  ].join('\n\n');
}

/** One for each round in which both were measured. */
export function ratios(rounds: readonly Round[], way: Way, to: Way = 'bare'): number[] {
  return rounds.flatMap((one) => {
    const other = rounds.find((found) => found.way === to && found.round === one.round);
    return one.way === way && other ? [one.perSecond / other.perSecond] : [];
  });
}

function goalLine(rounds: readonly Round[], way: keyof typeof goals): string {
  const ratio = middleOf(ratios(rounds, way));
  const met = ratio >= goals[way] ? 'met' : 'not met';
  return `- Goal for the ${titles[way]}: ${goals[way]} times the bare loop or better: ${met} (${rounded(ratio, 2)}).`;
}
