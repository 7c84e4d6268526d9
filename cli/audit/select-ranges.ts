import { HeadwayError } from '../../contracts/errors';
import type { KafkaOffsets, PartitionRange } from '../../runtime/kafka/offsets';
import type { AuditedRange } from './record-table';

/** Offsets for all partitions, or for those named only. */
export type OffsetSelection = number | ReadonlyMap<number, number>;

/** Which part of the queue topic is audited. Default: everything there is. */
export interface RangeSelection {
  /** First offset. */
  from?: OffsetSelection;
  /** The one behind the last. */
  to?: OffsetSelection;
  /** Records from this time on, by their timestamps, in milliseconds since 1970. */
  since?: number;
  /** Records before this time. */
  until?: number;
}

export interface SelectedRanges {
  ranges: AuditedRange[];
  /** Offsets that were asked for, and that Kafka deleted before the group had committed them. */
  deletedUnread: PartitionRange[];
  warnings: string[];
}

/**
 * The offsets to audit, and how far the group has come in each partition.
 *
 * The committed offsets are read first: whatever was committed by then was in a workflow or a dead letter by then.
 *
 * @throws HeadwayError `HW_CONFIG_INVALID` when the topic does not exist or does not have a partition that was named
 */
export async function selectRanges(
  offsets: KafkaOffsets,
  topic: string,
  groupId: string,
  select: RangeSelection = {},
): Promise<SelectedRanges> {
  const committed = await offsets.committed(groupId, topic);
  const all = await offsets.ranges(topic);
  checkPartitions(select, all.length);
  const since = select.since === undefined ? undefined : await offsets.offsetsAt(topic, select.since);
  const until = select.until === undefined ? undefined : await offsets.offsetsAt(topic, select.until);
  const warnings: string[] = [];
  const deletedUnread: PartitionRange[] = [];
  if (committed.size === 0) {
    warnings.push(
      `Group ${groupId} has committed no offset of ${topic}, so every record without an outcome is waiting.`,
    );
  }
  const ranges = all.map(({ partition, from: oldest, to: end }): AuditedRange => {
    const from = Math.max(oldest, at(select.from, partition, oldest, end), since?.get(partition) ?? oldest);
    const to = Math.min(end, at(select.to, partition, end, from), until?.get(partition) ?? end);
    let handedOver = committed.get(partition) ?? oldest;
    if (handedOver > end) {
      // The bridge begins anew in such a topic, and so far nothing of it was handed over.
      warnings.push(
        `The offset committed for partition ${partition}, ${handedOver}, is beyond its end, ${end}: ` +
          'it is that of an earlier topic of the same name, and counts as none.',
      );
      handedOver = oldest;
    }
    const deletedFrom = Math.max(handedOver, at(select.from, partition, 0, oldest));
    const deletedTo = Math.min(oldest, at(select.to, partition, oldest, 0));
    // What was deleted has no timestamp any more: where the time begins behind what is left, it cannot have been meant.
    if (deletedFrom < deletedTo && (since?.get(partition) ?? 0) <= oldest) {
      deletedUnread.push({ partition, from: deletedFrom, to: deletedTo });
      warnings.push(
        `Partition ${partition}: offsets ${deletedFrom} to ${deletedTo - 1} were deleted before the group had read them (retention of the ` +
          'queue topic); what was in them is lost, control records aside.',
      );
    }
    return { topic, partition, from, to: Math.max(from, to), committed: handedOver };
  });
  const isEmpty = ranges.every(({ from, to }) => from >= to);
  if (isEmpty && all.some(({ from, to }) => from < to)) {
    warnings.push('No record of the topic is in the range that was asked for, so nothing is audited.');
  }
  return { ranges, deletedUnread, warnings };
}

/** @param unnamed for a partition that the selection does not name */
function at(
  selection: OffsetSelection | undefined,
  partition: number,
  otherwise: number,
  unnamed: number,
): number {
  if (selection === undefined) return otherwise;
  return typeof selection === 'number' ? selection : (selection.get(partition) ?? unnamed);
}

function checkPartitions({ from, to }: RangeSelection, count: number): void {
  for (const [option, selection] of [
    ['--from', from],
    ['--to', to],
  ] as const) {
    if (selection === undefined || typeof selection === 'number') continue;
    const unknown = [...selection.keys()].find((partition) => partition >= count);
    if (unknown === undefined) continue;
    throw new HeadwayError(
      'HW_CONFIG_INVALID',
      `${option} names partition ${unknown}, but the topic has the partitions 0 to ${count - 1}.`,
    );
  }
}
