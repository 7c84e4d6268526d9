import { setTimeout as delay } from 'node:timers/promises';
import { lineChart } from '../line-chart';
import { committedSum, produceJobs } from '../kafka-load';
import { memoryOf } from '../process-memory';
import { countTroubles } from './histories';
import { group, topics, waitFor, withFloodStack } from './flood-stack';
import { readMetrics, startSampler } from './sampler';

export interface WaitingOptions {
  records: number;
  /** How long the queue drains before the measurement ends. */
  minutes: number;
  /** Marks of the bridge, in packs of 50. */
  inFlightHigh: number;
  inFlightLow: number;
}

const WITHOUT_WORKER_MS = 30_000;

/**
 * That many records in the queue, and a bridge that pauses most of the time: first there is no worker at all, then one works off what
 * the marks let through. Then the bridge is stopped, what was handed over is finished, and the audit looks at all of it.
 */
export async function measureWaiting(options: WaitingOptions) {
  return withFloodStack({}, async (flood) => {
    const { admin, kafka, report, results } = flood;
    await produceJobs(kafka, topics.queue, options.records, (done) =>
      report.progress(() => `${done} of ${options.records} records written`),
    );
    const bridge = await flood.startBridge({
      BRIDGE_IN_FLIGHT_HIGH: String(options.inFlightHigh),
      BRIDGE_IN_FLIGHT_LOW: String(options.inFlightLow),
    });
    const sampler = startSampler(async () => {
      const metric = await readMetrics(bridge.statusAddress);
      return {
        rss: (await memoryOf(bridge.pid)).now,
        lag: options.records - (await committedSum(admin, group, topics.queue)),
        inFlight: metric('headway_engine_load_packs{load="in_flight"'),
        paused: metric('headway_bridge_paused'),
      };
    });
    report.progress(
      () =>
        `${sampler.last('lag')} records wait, bridge ${sampler.last('rss')} MB, ${results.jobs()} results`,
    );
    await delay(WITHOUT_WORKER_MS);
    const withoutWorker = { lag: sampler.last('lag'), paused: sampler.last('paused') };
    await flood.startWorker();
    const until = Date.now() + options.minutes * 60_000;
    while (Date.now() < until && sampler.last('lag') > 0) await delay(1_000);
    await sampler.stop();
    const memory = await memoryOf(bridge.pid);
    await bridge.stop();
    const handedOver = await committedSum(admin, group, topics.queue);
    await waitFor('a result for every job handed over', 300_000, () => results.jobs() >= handedOver);
    const audit = await flood.audit();
    const pausedSeconds = sampler.points('paused').filter(({ value }) => value === 1).length;
    return {
      figures: {
        records: options.records,
        seconds: Math.round(sampler.points('rss').at(-1)?.seconds ?? 0),
        withoutWorker,
        handedOver,
        stillWaiting: options.records - handedOver,
        bridgeMegabytes: {
          first: sampler.points('rss')[5]?.value ?? 0,
          highest: memory.peak,
          last: sampler.last('rss'),
        },
        pauses: bridge.logged(/bridge pauses/),
        secondsPaused: pausedSeconds,
        joinedGroup: bridge.logged(/"joined the group"/),
        rebalances: bridge.logged(/rebalancing|consumer ended/),
        packsInFlightAtMost: sampler.highest('inFlight'),
        results: results.jobs(),
        resultRecords: results.records(),
        lost: audit.records.lost,
        auditOk: audit.ok,
        ...(await countTroubles(flood.client, (done) => report.progress(() => `${done} histories read`))),
      },
      chart: await lineChart({
        title: `Bridge with ${options.records.toLocaleString('en-US')} records waiting`,
        subtitle: `no worker for ${WITHOUT_WORKER_MS / 1_000} s, then one; pauses at ${options.inFlightHigh} packs in flight, goes on at ${options.inFlightLow}`,
        panels: [
          { yTitle: 'memory of the bridge (MB)', series: { RSS: sampler.points('rss') } },
          { yTitle: 'records waiting in Kafka', series: { lag: sampler.points('lag') } },
          { yTitle: 'packs in flight', series: { packs: sampler.points('inFlight') } },
        ],
      }),
    };
  });
}
