/** What happens when, in simulated time. */
export interface Agenda {
  /** @param ms since the beginning; not before what happens now */
  at(ms: number, happens: (now: number) => void): void;
  /** Lets everything happen, in order. */
  run(): void;
}

export function createAgenda(): Agenda {
  /** The latest first. */
  const entries: { ms: number; happens: (now: number) => void }[] = [];
  return {
    at(ms, happens) {
      let [low, high] = [0, entries.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (entries[middle]!.ms > ms) low = middle + 1;
        else high = middle;
      }
      entries.splice(low, 0, { ms, happens });
    },
    run() {
      for (let next = entries.pop(); next; next = entries.pop()) next.happens(next.ms);
    },
  };
}
