/** Partitions in trouble of their own, of which no more is read for a while, so that the others go on. */
export interface SetAside {
  /** Returns whether it was in no trouble before. */
  add(partition: number, what: string): boolean;
  /** Records of it became durable: whatever comes next is new trouble. */
  progressed(partition: number): void;
  /** The assignment changed, or the bridge stops. */
  clear(): void;
  isWaiting(partition: number): boolean;
  /** Those of which nothing is to be read now. */
  waiting(): number[];
  /** How long trouble of this partition may hold up what is read beside it: one that is known for it gets a single try. */
  patienceMs(partition: number): number;
  /** What cannot be done, and where, until it could be. */
  current(): string | undefined;
}

const PATIENCE_MS = 5_000;
const FIRST_WAIT_MS = 5_000;
const LONGEST_WAIT_MS = 15_000;

interface Entry {
  what: string;
  waitMs: number;
  /** Absent while it is tried again. */
  timer?: NodeJS.Timeout;
}

/**
 * @param onChange other partitions are waiting now than before
 * @param onCount how many partitions are in trouble, whether they wait or are being tried again
 */
export function createSetAside(onChange: () => void, onCount: (partitions: number) => void): SetAside {
  const entries = new Map<number, Entry>();
  const waiting = () => [...entries].filter(([, { timer }]) => timer).map(([partition]) => partition);

  return {
    add(partition, what) {
      const before = entries.get(partition);
      clearTimeout(before?.timer);
      const waitMs = before ? Math.min(before.waitMs * 2, LONGEST_WAIT_MS) : FIRST_WAIT_MS;
      const entry: Entry = { what, waitMs };
      entry.timer = setTimeout(() => {
        entry.timer = undefined;
        onChange();
      }, waitMs);
      entries.set(partition, entry);
      onCount(entries.size);
      onChange();
      return before === undefined;
    },
    progressed(partition) {
      if (entries.delete(partition)) onCount(entries.size);
    },
    clear() {
      for (const { timer } of entries.values()) clearTimeout(timer);
      entries.clear();
      onCount(0);
    },
    isWaiting: (partition) => entries.get(partition)?.timer !== undefined,
    waiting,
    patienceMs: (partition) => (entries.has(partition) ? 0 : PATIENCE_MS),
    current() {
      const [first] = entries;
      return first && `${first[1].what} (partition ${first[0]})`;
    },
  };
}
