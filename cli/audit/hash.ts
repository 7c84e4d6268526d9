import { createHash } from 'node:crypto';

/** 64 bits are enough to tell a million texts apart (a chance of 1 in 37 million that any two of them meet), and fit a typed array. */
export function hash64(value: string | Buffer): bigint {
  return createHash('sha256').update(value).digest().readBigUInt64LE(0);
}

/** A growing list of 64-bit numbers, eight bytes each. */
export class HashList {
  length = 0;
  private values = new BigUint64Array(1_024);

  push(value: bigint): void {
    if (this.length === this.values.length) {
      const larger = new BigUint64Array(this.length * 2);
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.length++] = value;
  }

  at(index: number): bigint {
    return this.values[index] as bigint;
  }

  forEach(look: (value: bigint) => void): void {
    for (let index = 0; index < this.length; index += 1) look(this.at(index));
  }

  sorted(): BigUint64Array {
    return this.values.slice(0, this.length).sort();
  }
}

/** The same with a time for each, to the second: twelve bytes each. */
export class TimedHashList {
  private readonly hashes = new HashList();
  private seconds = new Uint32Array(1_024);

  /** @param time milliseconds since 1970 */
  push(value: bigint, time: number): void {
    if (this.hashes.length === this.seconds.length) {
      const larger = new Uint32Array(this.seconds.length * 2);
      larger.set(this.seconds);
      this.seconds = larger;
    }
    this.seconds[this.hashes.length] = Math.min(Math.max(0, time / 1_000), 2 ** 32 - 1);
    this.hashes.push(value);
  }

  forEach(look: (value: bigint, time: number) => void): void {
    for (let index = 0; index < this.hashes.length; index += 1) {
      look(this.hashes.at(index), (this.seconds[index] ?? 0) * 1_000);
    }
  }
}

/** Place of the first such value in a sorted list; undefined when it is not in there. */
export function positionIn(list: BigUint64Array, value: bigint): number | undefined {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((list[middle] as bigint) < value) low = middle + 1;
    else high = middle;
  }
  return list[low] === value ? low : undefined;
}
