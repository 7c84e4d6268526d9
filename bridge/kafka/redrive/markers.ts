import type { DeadLetterRecord } from './dead-letter';

type Place = Pick<DeadLetterRecord, 'partition' | 'offset' | 'timestamp'>;

/**
 * Key of the record that says that a dead letter was sent. The timestamp is in it since offsets start over in a topic
 * that was deleted and made again, whose letters must not be taken for the old ones.
 */
export function markerKey({ partition, offset, timestamp }: Place): string {
  return `${partition}:${offset}:${timestamp}`;
}

/** The dead letters that were sent. In memory one entry of a map for each. */
export class Markers {
  /** By partition: timestamps by offset. */
  private readonly sent = new Map<number, Map<number, number>>();

  /** Takes a record of the marker topic; one that is none of ours is passed over. */
  add(key: string): void {
    const [partition, offset, timestamp] = key.split(':').map(Number);
    if (partition === undefined || offset === undefined || timestamp === undefined || Number.isNaN(timestamp))
      return;
    const ofPartition = this.sent.get(partition) ?? new Map<number, number>();
    ofPartition.set(offset, timestamp);
    this.sent.set(partition, ofPartition);
  }

  has({ partition, offset, timestamp }: Place): boolean {
    return this.sent.get(partition)?.get(offset) === timestamp;
  }
}
