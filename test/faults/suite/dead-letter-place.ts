import { deadLetterHeaders } from '../../../contracts/headers';
import { lastHeaderText } from '../../../runtime/kafka/headers';
import type { ReadMessage } from '../../../runtime/kafka/read-ranges';

/** Which record a dead letter is of, and when it was written, in milliseconds since 1970. */
export interface DeadLetterPlace {
  partition: number;
  offset: number;
  at: number;
}

/** Undefined when it is not of this queue topic. */
export function placeOf({ headers, timestamp }: ReadMessage, queue: string): DeadLetterPlace | undefined {
  const of = (name: string) => lastHeaderText(headers, name);
  if (of(deadLetterHeaders.topic) !== queue) return undefined;
  const partition = Number(of(deadLetterHeaders.partition));
  return { partition, offset: Number(of(deadLetterHeaders.offset)), at: Number(timestamp) };
}
