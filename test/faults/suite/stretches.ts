import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../../support/eventually';
import type { Fault } from './faults/fault';
import { judgeFailures, type EndedJob, type JobLife } from './judge-jobs';
import { latencyOf } from './latency';
import type { Load } from './load';
import type { Segment } from './report';
import type { ResultsWatch } from './results-watch';
import type { Strike } from './schedule';
import { isSettled } from './settled';
import type { World } from './world';

export interface Stretches {
  /** Jobs while `work` goes on, until they all have their result; then some more while nothing strikes, to see how long those take. */
  struck(faults: readonly Fault[], work: () => Promise<void>): Promise<Segment>;
  /** Jobs while nothing strikes. @throws when they are not all done in time */
  calm(): Promise<JobLife[]>;
  /** Undefined for one that Kafka does not have, for all we know. */
  lifeOf(id: string): JobLife | undefined;
}

/** At the least rate that is usual this makes jobs in every partition. */
const CALM_MS = 8_000;

export function createStretches(options: {
  world: World;
  load: Load;
  watch: ResultsWatch;
  /** All so far. */
  strikes: readonly Strike[];
  /** All that may strike in this run. */
  faults: readonly Fault[];
  settleLimitMs: number;
  say: (line: string) => void;
}): Stretches {
  const { world, load, watch, strikes, settleLimitMs, say } = options;
  const missing = () => [...load.sent].filter((id) => !watch.byId.has(id));
  return { struck, calm, lifeOf };

  async function struck(faults: readonly Fault[], work: () => Promise<void>): Promise<Segment> {
    const from = Date.now();
    const before = new Set(load.producedAt.keys());
    watch.resetStall();
    load.start();
    await work();
    await load.pause();
    const own = producedSince(before);
    let afterwards: JobLife[] | undefined;
    let lost = 0;
    let seconds = 0;
    let longestStallMs = 0;
    try {
      await settled();
      seconds = (Date.now() - from) / 1_000;
      longestStallMs = watch.longestStallMs();
      afterwards = await calm();
    } catch (error) {
      say(String(error));
      seconds ||= (Date.now() - from) / 1_000;
      longestStallMs ||= watch.longestStallMs();
      lost = missing().length;
    }
    const { failed, excused } = judgeFailures(
      producedSince(before).flatMap((id) => withFailure(id) ?? []),
      strikes,
      options.faults,
    );
    const found: Segment = {
      faults: faults.length === 1 ? faults[0]!.name : `mixed, ${faults.length} kinds`,
      seconds: Math.round(seconds),
      jobs: own.filter((id) => load.sent.has(id)).length,
      lost,
      doubled: producedSince(before).filter((id) => (watch.byId.get(id)?.distinct.size ?? 0) > 1).length,
      failed,
      excused,
      longestStallSeconds: Math.round(longestStallMs / 100) / 10,
      latencyAfter: afterwards && latencyOf(afterwards),
    };
    say(JSON.stringify(found));
    return found;
  }

  async function calm(): Promise<JobLife[]> {
    const before = new Set(load.producedAt.keys());
    load.start();
    await delay(CALM_MS);
    await load.pause();
    await settled();
    return producedSince(before).flatMap((id) => lifeOf(id) ?? []);
  }

  async function settled(): Promise<void> {
    const what = 'every job has its result, and every workflow is closed';
    await eventually(what, () => isSettled(world, missing()), settleLimitMs);
  }

  function producedSince(before: ReadonlySet<string>): string[] {
    return [...load.producedAt.keys()].filter((id) => !before.has(id));
  }

  function lifeOf(id: string): JobLife | undefined {
    const producedAt = load.producedAt.get(id);
    const endedAt = watch.byId.get(id)?.endedAt;
    if (producedAt === undefined || (endedAt === undefined && !load.sent.has(id))) return undefined;
    return { id, producedAt, endedAt: endedAt ?? Date.now() };
  }

  function withFailure(id: string): EndedJob | undefined {
    const life = lifeOf(id);
    const job = watch.byId.get(id);
    const failure = job?.error ?? job?.status;
    const isExpected =
      failure === undefined ||
      failure === 'completed' ||
      (failure === 'HW_LLM_REFUSED' && load.refused.has(id));
    return life && { ...life, failure: isExpected ? undefined : failure };
  }
}
