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
      let next = positions.get(partition) ?? (await positionAfterAssignment(batch));
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
      return next;
    },
    forget() {
      positions.clear();
      committer.forget();
    },
  };

  /** An operator may have reset the group into the middle of a pack: go on behind that one. */
  async function positionAfterAssignment({ records, held, partition }: QueueBatch): Promise<bigint> {
    const first = records[0]?.offset ?? 0n;
    const covering = await untilDone('look for a pack in Temporal', held, () =>
      dependencies.findCoveringPack(records),
    );
    if (covering === undefined) return first;
    logger.info(
      { partition, offset: String(first), workflowId: covering.workflowId },
      'the group stands in the middle of a pack; going on behind it',
    );
    committer.durable(partition, covering.lastOffset + 1n);
    return covering.lastOffset + 1n;
  }

  /** Returns the last offset that is durable now, or undefined when the partition was lost before it was. */
  async function makeDurable(cut: PackCut, held: () => boolean): Promise<bigint | undefined> {
    let { lastOffset } = cut;
    if (cut.first) {
      const pack = toPack(cut, cut.first);
      const end = metrics?.startDuration.startTimer();
      const started = await untilDone('start a workflow', held, () => dependencies.startPack(pack));
      if (started === undefined) return undefined;
      end?.();
      if (started.kind === 'exists') {
        metrics?.packsExisting.inc();
        logger.info(
          { workflowId: pack.workflowId, lastOffset: String(started.lastOffset) },
          'pack was started already',
        );
        lastOffset = started.lastOffset ?? lastOffset;
      } else {
        metrics?.packsStarted.inc();
        metrics?.jobsHandedOver.inc(cut.jobs.length);
        logger.debug({ workflowId: pack.workflowId, jobs: cut.jobs.length }, 'pack started');
      }
    }
    // Poison behind the end of an existing pack is met again in the next cut.
    const covered = cut.poison.filter(({ record }) => record.offset <= lastOffset);
    if (covered.length === 0) return lastOffset;
    const sent = await untilDone('write dead letters', held, () =>
      dependencies.sendDeadLetters(covered).then(() => true),
    );
    if (!sent) return undefined;
    for (const { record, error } of covered) {
      metrics?.deadLetters.inc({ code: error.code });
      const at = { partition: record.partition, offset: String(record.offset) };
      logger.warn({ ...at, code: error.code, reason: error.message }, 'record is not a job; dead-lettered');
    }
    return lastOffset;
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
