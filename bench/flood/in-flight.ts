import { lineChart } from '../line-chart';
import { produceJobs } from '../kafka-load';
import { memoryOf, serverPids } from '../process-memory';
import { topics, waitFor, withFloodStack, type FloodStack } from './flood-stack';
import { countTroubles } from './histories';
import { readMetrics, startSampler } from './sampler';

export interface InFlightOptions {
  jobs: number;
  /** What every call of the simulated LLM takes, so that all of them overlap. */
  llmSeconds: number;
}

/** That many jobs waiting for the LLM at once, in one worker. */
export async function measureInFlight({ jobs, llmSeconds }: InFlightOptions) {
  const latency = String(llmSeconds * 1_000);
  const simulator = {
    SIMULATOR_LATENCY_MIN_MS: latency,
    SIMULATOR_LATENCY_MAX_MS: latency,
    SIMULATOR_LATENCY_SLOW_RATIO: '0',
  };
  return withFloodStack(simulator, async (flood) => {
    const { report, results } = flood;
    const worker = await flood.startWorker();
    const bridge = await flood.startBridge();
    const pids = { ...serverPids(flood.stack.servers), bridge: bridge.pid, worker: worker.pid };
    const sampler = startSampler(() => sample(flood, pids, worker.statusAddress));
    report.progress(
      () => `${sampler.last('inFlight')} calls in flight, ${results.jobs()} of ${jobs} results`,
    );
    const beganAt = Date.now();
    await produceJobs(flood.kafka, topics.queue, jobs);
    const accepted = () => flood.llm().then((llm) => llm.accepted >= jobs);
    await waitFor('an LLM call for every job', 600_000, accepted);
    const allStartedMs = Date.now() - beganAt;
    const peak = await flood.llm();
    await waitFor('all results', llmSeconds * 1_000 + 600_000, () => results.jobs() >= jobs);
    const allDoneMs = Date.now() - beganAt;
    const llm = await flood.llm();
    await sampler.stop();
    const memory = await Promise.all(
      Object.entries(pids).map(async ([name, pid]) => [name, (await memoryOf(pid)).peak] as const),
    );
    const audit = await flood.audit();
    return {
      figures: {
        jobs,
        llmSeconds,
        atOnce: peak.peakInFlight,
        secondsUntilAllCallsStarted: Math.round(allStartedMs / 1_000),
        secondsUntilAllResults: Math.round(allDoneMs / 1_000),
        peakMegabytes: Object.fromEntries(memory),
        workerEventLoopDelayMs: {
          p99: Math.round(sampler.highest('loopP99')),
          longest: Math.round(sampler.highest('loopMax')),
        },
        llmCalls: llm.accepted,
        pollsPerJob: Math.round((10 * llm.polls) / jobs) / 10,
        results: results.jobs(),
        resultRecords: results.records(),
        lost: audit.records.lost,
        duplicateLlmCalls: audit.llmCalls?.duplicate,
        auditOk: audit.ok,
        ...(await countTroubles(flood.client, (done) => report.progress(() => `${done} histories read`))),
      },
      chart: await lineChart({
        title: `${jobs.toLocaleString('en-US')} jobs waiting for the LLM at once`,
        subtitle: `one worker, every call takes ${llmSeconds} s`,
        panels: [
          { yTitle: 'LLM calls in flight', series: { calls: sampler.points('inFlight') } },
          {
            yTitle: 'memory (MB)',
            series: Object.fromEntries(Object.keys(pids).map((name) => [name, sampler.points(name)])),
          },
          { yTitle: 'worker, loop delay (ms)', series: { p99: sampler.points('loopP99') } },
        ],
      }),
    };
  });
}

async function sample(
  flood: FloodStack,
  pids: Record<string, number | undefined>,
  workerStatus: string,
): Promise<Record<string, number>> {
  const memory = await Promise.all(
    Object.entries(pids).map(async ([name, pid]) => [name, (await memoryOf(pid)).now] as const),
  );
  const metric = await readMetrics(workerStatus);
  return {
    ...Object.fromEntries(memory),
    inFlight: (await flood.llm()).inFlight,
    loopP99: 1_000 * metric('nodejs_eventloop_lag_p99_seconds'),
    loopMax: 1_000 * metric('nodejs_eventloop_lag_max_seconds'),
  };
}
