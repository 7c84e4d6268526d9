import type { IHeaders } from 'kafkajs';

/** A record of the queue topic. `timestamp` in milliseconds since 1970. */
export interface QueueRecord {
  topic: string;
  partition: number;
  offset: bigint;
  timestamp: number;
  key: Buffer | null;
  value: Buffer | null;
  headers: IHeaders;
}

/** Records of one partition, in order, as one fetch brought them. */
export interface QueueBatch {
  partition: number;
  records: QueueRecord[];
  /** How many offsets the log had behind these when they were fetched. */
  behind: number;
  /** False once the partition may belong to somebody else: commit nothing more. */
  owned: () => boolean;
  /** False also when the bridge stops, or its client begins again: begin nothing new. */
  held: () => boolean;
  /** True while Temporal has enough to do: what is not begun yet is left for a later fetch. */
  paused: () => boolean;
  /** How long trouble that others need not have may be tried, since they wait behind it. */
  patienceMs: () => number;
  /** Records became durable: whatever comes next is new trouble. */
  progressed: () => void;
  /** Resolves after so many milliseconds, or when the bridge stops or learns that the group rebalances. Until the batch ends, nothing more is fetched of its broker. */
  rest: (ms: number) => Promise<void>;
  /** Reads no further in this partition for a while, after which what is left of the batch comes again. `what` cannot be done. */
  setAside: (what: string) => void;
}

/** A header as text; of a repeated one the first. */
export function headerText(headers: IHeaders, name: string): string | undefined {
  return firstHeader(headers, name)?.toString();
}

/** A header as it came; of a repeated one the first. */
export function firstHeader(headers: IHeaders, name: string): Buffer | string | undefined {
  const value = headers[name];
  // A header may have a null value, whatever the types of kafkajs say.
  return (Array.isArray(value) ? value[0] : value) ?? undefined;
}
