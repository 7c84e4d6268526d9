const KEYS_MAX = 1_000;

/** Says something, and how often it happened since it was said last. */
export type Say = (times: number) => void;

/**
 * For what may happen a thousand times a second: each key is said at once, and then at most every `everyMs` milliseconds for as long as it
 * goes on. The oldest of more than `keysMax` keys is forgotten, and said anew.
 */
export function createSeldom(
  everyMs: number,
  now: () => number = Date.now,
  keysMax = KEYS_MAX,
): (key: string, say: Say) => void {
  const last = new Map<string, { saidAt: number; times: number }>();
  return (key, say) => {
    const known = last.get(key);
    if (known && now() - known.saidAt < everyMs) {
      known.times += 1;
      return;
    }
    // A map keeps the order in which keys were added.
    last.delete(key);
    last.set(key, { saidAt: now(), times: 0 });
    if (last.size > keysMax) last.delete([...last.keys()][0]!);
    say((known?.times ?? 0) + 1);
  };
}
