import { createHash } from 'node:crypto';

/** A stream of numbers that is the same for the same seed words, on every machine. Not for secrets. */
export interface Random {
  /** From 0 up to, not including, 1. */
  next(): number;
  /** A whole number from `min` to `max`, both included. */
  integer(min: number, max: number): number;
  pick<T>(items: readonly T[]): T;
  /** True in `share` (0 to 1) of the cases. */
  chance(share: number): boolean;
  /** A copy in another order. */
  shuffle<T>(items: readonly T[]): T[];
}

export function createRandom(...seedWords: (string | number)[]): Random {
  // SHA-1 of the words decides the start; mulberry32 goes on from there, at a few nanoseconds a number.
  let state = createHash('sha1').update(seedWords.join('\u0000')).digest().readUInt32LE(0);
  function next(): number {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }
  const integer = (min: number, max: number) => min + Math.floor(next() * (max - min + 1));
  return {
    next,
    integer,
    pick: (items) => items[integer(0, items.length - 1)]!,
    chance: (share) => next() < share,
    shuffle(items) {
      const copy = [...items];
      for (let last = copy.length - 1; last > 0; last--) {
        const other = integer(0, last);
        [copy[last], copy[other]] = [copy[other]!, copy[last]!];
      }
      return copy;
    },
  };
}

/** A short name for a text: the same for the same text. */
export function fingerprint(text: string): string {
  return createHash('sha1').update(text).digest('hex').slice(0, 16);
}
