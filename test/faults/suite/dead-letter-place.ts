import { deadLetterHeaders } from '../../../contracts/headers';
import type { ReadMessage } from '../../../runtime/kafka-read-ranges';

/** Which record a dead letter is of, and when it was written, in milliseconds since 1970. */
export interface DeadLetterPlace {
  partition: number;
  offset: number;
  at: number;
}

/** Undefined when it is not of this queue topic. */
export function placeOf({ headers, timestamp }: ReadMessage, queue: string): DeadLetterPlace | undefined {
  // A record that had been a dead letter before has several of a name; ours is the last.
  const of = (name: string) => String([headers?.[name]].flat().at(-1));
  if (of(deadLetterHeaders.topic) !== queue) return undefined;
  const partition = Number(of(deadLetterHeaders.partition));
  return { partition, offset: Number(of(deadLetterHeaders.offset)), at: Number(timestamp) };
}
