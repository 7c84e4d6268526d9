interface Entry {
  at: number;
  /** Where it lies in the heap; -1 when it has left. */
  index: number;
  key?: string;
  wake: (why: Wake) => void;
}

/** Why an entry waits no longer: its time has come, somebody hurried it, or all are to think again about when they are due. */
export type Wake = 'due' | 'hurried' | 'reconsider';

/** Longest delay that a timer of Node.js takes. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * When which call is to be polled, for all calls of a process: one timer for the next one that is due, whatever the number of those that
 * wait. An entry that is given up leaves at once.
 */
export class PollSchedule {
  private readonly heap: Entry[] = [];
  private readonly byKey = new Map<string, Entry>();
  private timer?: NodeJS.Timeout;
  private timerAt = Infinity;

  /** Entries that wait. */
  get size(): number {
    return this.heap.length;
  }

  /**
   * Resolves in `ms` milliseconds, or before, by `hurry` or `reconsider`.
   *
   * @param key by which it can be hurried. Of two entries with the same one, the later
   * @throws the reason of `signal` when it is aborted before
   */
  after(ms: number, signal: AbortSignal, key?: string): Promise<Wake> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason as Error);
      const giveUp = (): void => {
        this.remove(entry);
        reject(signal.reason as Error);
      };
      const wake = (why: Wake): void => {
        signal.removeEventListener('abort', giveUp);
        resolve(why);
      };
      const entry: Entry = { at: Date.now() + ms, index: -1, key, wake };
      signal.addEventListener('abort', giveUp, { once: true });
      if (key !== undefined) this.byKey.set(key, entry);
      this.add(entry);
    });
  }

  /** The entry with this key is due now, if there is one. */
  hurry(key: string): void {
    const entry = this.byKey.get(key);
    if (entry) this.wake(entry, 'hurried');
  }

  /** All entries with a key resolve, so that whoever set them thinks again. */
  reconsider(): void {
    for (const entry of [...this.byKey.values()]) this.wake(entry, 'reconsider');
  }

  private wake(entry: Entry, why: Wake): void {
    this.remove(entry);
    entry.wake(why);
  }

  private add(entry: Entry): void {
    entry.index = this.heap.push(entry) - 1;
    this.rise(entry);
    this.setTimer();
  }

  private remove(entry: Entry): void {
    const { index } = entry;
    if (index < 0) return;
    entry.index = -1;
    if (entry.key !== undefined && this.byKey.get(entry.key) === entry) this.byKey.delete(entry.key);
    const last = this.heap.pop()!;
    if (last !== entry) {
      this.put(last, index);
      this.rise(last);
      this.sink(last);
    }
    this.setTimer();
  }

  /** A timer that fires too early is set again; so one for an entry that has left need not be cleared. */
  private setTimer(): void {
    const next = this.heap[0]?.at ?? Infinity;
    if (next === Infinity) {
      clearTimeout(this.timer);
      this.timerAt = Infinity;
    } else if (next < this.timerAt) {
      clearTimeout(this.timer);
      this.timerAt = next;
      const ms = Math.min(Math.max(0, Math.ceil(next - Date.now())), LONGEST_TIMER_MS);
      this.timer = setTimeout(() => this.runDue(), ms);
    }
  }

  private runDue(): void {
    this.timerAt = Infinity;
    const now = Date.now();
    for (let next = this.heap[0]; next && next.at <= now; next = this.heap[0]) {
      this.wake(next, 'due');
    }
    this.setTimer();
  }

  private rise(entry: Entry): void {
    while (entry.index > 0) {
      const { index } = entry;
      const parent = this.heap[(index - 1) >> 1]!;
      if (parent.at <= entry.at) return;
      this.put(entry, parent.index);
      this.put(parent, index);
    }
  }

  private sink(entry: Entry): void {
    for (;;) {
      const { index } = entry;
      const [left, right] = [this.heap[2 * index + 1], this.heap[2 * index + 2]];
      const child = right && right.at < left!.at ? right : left;
      if (!child || child.at >= entry.at) return;
      this.put(entry, child.index);
      this.put(child, index);
    }
  }

  private put(entry: Entry, index: number): void {
    this.heap[index] = entry;
    entry.index = index;
  }
}
