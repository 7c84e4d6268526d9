import { loadConfig } from '../../../runtime/config/config';
import { withBenchStack, type BenchStack } from '../bench-stack';
import type { Measured, Measurement, MeasurementOptions } from '../measurement';
import { serverVersion } from '../server-version';
import { rotated } from '../rotated';
import { bareRound } from './bare-loop';
import { bridgeRound } from './bridge-round';
import { consumerRound } from './consumer-round';
import { titles, ways, type Round, type Way } from './round';
import { handoffMarkdown } from './summary';

/** Records are multiples of 12 partitions times the pack, so that packs are full. */
const plans = {
  quick: { rounds: 2, records: { bare: 360, consumer: 360, 'packs-1': 360, 'packs-50': 3_600 } },
  full: { rounds: 7, records: { bare: 1_200, consumer: 1_200, 'packs-1': 1_200, 'packs-50': 12_000 } },
} as const;

/**
 * Enough that connections are made and the code is compiled: a bridge is a new process, where loop and consumer run in one that has done so for rounds. With 240
 * records before it, a bridge with packs of one took 1.8-2.1 CPU-ms a record, with 2,400 it takes 1.2-1.3.
 */
const WARM_UP = { consumer: 240, 'packs-1': 2_400, 'packs-50': 12_000 } as const;

/** The bridge against a bare loop of `client.workflow.start`, and against a consumer that does nothing but start and commit. */
export const handoff: Measurement = {
  name: 'handoff',
  title: 'Handing over: from the topic into Temporal',
  estimateMs: ({ size }) => 20_000 + plans[size].rounds * (size === 'full' ? 72_000 : 42_000),

  async run(options): Promise<Measured> {
    const { startConcurrency: concurrency } = loadConfig({}, ['bridge']).bridge;
    const measured = await withBenchStack(options, async (bench) => ({
      concurrency,
      temporalVersion: await serverVersion(bench),
      rounds: await measure(bench, options, concurrency),
    }));
    return { figures: measured, markdown: handoffMarkdown(measured) };
  },
};

async function measure(
  bench: BenchStack,
  { size, report, log }: MeasurementOptions,
  concurrency: number,
): Promise<Round[]> {
  const plan = plans[size];
  const measureOne = (way: Way, round: number): Promise<Round> => {
    const records = plan.records[way];
    if (way === 'bare') return bareRound(bench, { round, records, concurrency });
    if (way === 'consumer') return consumerRound(bench, { round, records, warmUp: WARM_UP.consumer, log });
    const packMax = way === 'packs-1' ? 1 : 50;
    return bridgeRound(bench, { round, packMax, records, warmUp: WARM_UP[way], concurrency });
  };
  const rounds: Round[] = [];
  // The client of the loop is warmed up as the bridge's is.
  await bareRound(bench, { round: -1, records: WARM_UP.consumer, concurrency });
  for (let round = 0; round < plan.rounds; round++) {
    for (const way of rotated(ways, round)) {
      report.progress(() => `handoff, round ${round + 1} of ${plan.rounds}: ${titles[way]}`);
      const measured = await measureOne(way, round);
      log(`${way}: ${Math.round(measured.perSecond)} records/s`);
      rounds.push(measured);
    }
  }
  return rounds;
}
