import { createHash } from 'node:crypto';
import type { DeadLetterRecord } from './dead-letter';

type Letter = Pick<DeadLetterRecord, 'from' | 'key' | 'value'>;

/**
 * Key of the note that says that a dead letter was sent. It names the record and not the letter, since after a crash of the bridge
 * one record may have two letters. The hash is in it since offsets start over in a queue topic that was deleted and made again, whose
 * records must not be taken for the old ones.
 */
export function markerKey({ from, key, value }: Letter): string {
  const hash = createHash('sha256')
    .update(String(key?.length ?? -1))
    .update(key ?? '')
    .update(value ?? '');
  return `${from?.topic}:${from?.partition}:${from?.offset}:${hash.digest('base64url').slice(0, 16)}`;
}

/** Value of that note. */
export function markerValue(sentTo: string, at: Date): string {
  return JSON.stringify({ sentTo, at: at.toISOString() });
}

/** The records that were sent back, about 100 bytes of memory each. */
export class Markers {
  private readonly sent = new Set<string>();

  add(marker: string): void {
    this.sent.add(marker);
  }

  /**
   * Takes a note as it stands in its topic.
   *
   * @param since one from before this time (milliseconds since 1970) is passed over; so is one that does not say when, unless all count (-Infinity)
   */
  read({ key, value }: { key: Buffer | null; value: Buffer | null }, since: number): void {
    if (key && sentAt(value) >= since) this.add(key.toString());
  }

  has(letter: Letter): boolean {
    return this.sent.has(markerKey(letter));
  }
}

function sentAt(value: Buffer | null): number {
  try {
    const { at } = JSON.parse(String(value)) as { at: string };
    return Date.parse(at) || -Infinity;
  } catch {
    return -Infinity;
  }
}
