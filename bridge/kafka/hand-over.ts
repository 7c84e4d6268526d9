import { packWorkflowId } from '../../contracts/ids';
import type { PackJob } from '../../contracts/pack';
import type { Logger } from '../../runtime/logger';
import type { BridgeMetrics } from '../../runtime/metrics';
import type { PackToStart, StartPack } from '../start-pack';
import type { Committer } from './committer';
import { cutPack, type PackCut, type PackLimits, type Poison } from './cut-pack';
import type { FindCoveringPack } from './covering-pack';
import type { QueueBatch, QueueRecord } from './queue-record';
import type { UntilDone } from './until-done';

export interface HandOverDependencies {
  startPack: StartPack;
  findCoveringPack: FindCoveringPack;
  sendDeadLetters: (poison: Poison[]) => Promise<void>;
  readRecord: (record: QueueRecord) => PackJob;
  committer: Committer;
  limits: PackLimits;
  /** Tries again while Temporal or Kafka is away. */
  untilDone: UntilDone;
  logger: Logger;
  metrics?: BridgeMetrics;
}

export interface HandOver {
  /** Makes the records of a batch durable, pack after pack. Returns the offset to read next. */
  batch(batch: QueueBatch): Promise<bigint>;
  /** The assignment changed: positions are those of the group again. */
  forget(): void;
}

/**
 * The chain of packs. Within a partition packs are started one after the other, each beginning where the one before ends, whoever
 * started that one. So redelivery, a lost commit and a bridge that still believes it owns the partition can
 * neither put a record into two packs nor leave one out.
 */
export function createHandOver(dependencies: HandOverDependencies): HandOver {
  const { committer, untilDone, metrics, logger } = dependencies;
  /** By partition: everything before is durable. Absent until the first batch after an assignment. */
  const positions = new Map<number, bigint>();

  return {
    async batch(batch) {
      const { partition, held } = batch;
      metrics?.recordsReceived.inc(batch.records.length);
      const begin = await positionIn(batch);
      let { next } = begin;
      let records = batch.records.filter((record) => record.offset >= next);
      while (records.length > 0 && held()) {
        const last = await makeDurable(cutPack(records, dependencies.limits, dependencies.readRecord), held);
        if (last === undefined) break;
        next = last + 1n;
        // In one step, before anything else is awaited: this is the watermark, and it is committed at once.
        if (held()) {
          positions.set(partition, next);
          committer.durable(partition, next);
        }
        records = records.filter((record) => record.offset > last);
      }
      if (!begin.certain) positions.delete(partition);
      return next;
    },
    forget() {
      positions.clear();
      committer.forget();
    },
  };

  /** Where to go on in this batch. Not certain as long as a pack may cover it that could not be told apart. */
  async function positionIn(batch: QueueBatch): Promise<{ next: bigint; certain: boolean }> {
    const { records, held, partition } = batch;
    const first = records[0]?.offset ?? 0n;
    const known = positions.get(partition);
    if (known !== undefined && known <= first) return { next: known, certain: true };
    // Right after an assignment; or the log goes back, since an operator reset it or the topic was made anew.
    if (known !== undefined) committer.forget(partition);
    const covering = await untilDone('look for a pack in Temporal', held, () =>
      dependencies.findCoveringPack(records),
    );
    if (covering === undefined || covering === 'undecided')
      return { next: first, certain: covering === undefined };
    const next = covering.lastOffset + 1n;
    logger.info(
      { partition, offset: String(first), workflowId: covering.workflowId },
      'the group stands in the middle of a pack; going on behind it',
    );
    if (held()) {
      positions.set(partition, next);
      committer.durable(partition, next);
    }
    return { next, certain: true };
  }

  /** Returns the last offset that is durable now, or undefined when the partition was lost before it was. */
  async function makeDurable(cut: PackCut, held: () => boolean): Promise<bigint | undefined> {
    // Before the pack: who finds the pack in place goes on behind it, and relies on its poison being put aside.
    if (!(await putAside(cut.poison, held))) return undefined;
    if (!cut.first) return cut.lastOffset;
    const pack = toPack(cut, cut.first);
    const observe = metrics?.startDuration.startTimer();
    const started = await untilDone('start a workflow', held, () => dependencies.startPack(pack));
    if (started === undefined) return undefined;
    observe?.();
    const { workflowId } = pack;
    if (started.kind === 'exists') {
      metrics?.packsExisting.inc();
      logger.info({ workflowId, lastOffset: String(started.lastOffset) }, 'pack was started already');
      return started.lastOffset ?? cut.lastOffset;
    }
    metrics?.packsStarted.inc();
    metrics?.jobsHandedOver.inc(cut.jobs.length);
    logger.debug({ workflowId, jobs: cut.jobs.length }, 'pack started');
    return cut.lastOffset;
  }

  /** Writes dead letters; false when the partition was lost before they were written. */
  async function putAside(poison: Poison[], held: () => boolean): Promise<boolean> {
    if (poison.length === 0) return true;
    const sent = await untilDone('write dead letters', held, async () => {
      await dependencies.sendDeadLetters(poison);
      return true;
    });
    if (!sent) return false;
    for (const { record, error } of poison) {
      metrics?.deadLetters.inc({ code: error.code });
      const at = { partition: record.partition, offset: String(record.offset) };
      logger.warn({ ...at, code: error.code, reason: error.message }, 'record is not a job; dead-lettered');
    }
    return true;
  }
}

function toPack({ jobs, lastOffset }: PackCut, first: QueueRecord): PackToStart {
  const { topic, partition, offset, timestamp } = first;
  return {
    workflowId: packWorkflowId({ topic, partition, offset: String(offset), timestamp }),
    jobs,
    range: { partition: `${topic}-${partition}`, firstOffset: offset, lastOffset },
  };
}
