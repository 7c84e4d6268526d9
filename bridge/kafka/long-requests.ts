import { within } from '../../runtime/within';
import { TakesLong } from './own-trouble';
import type { IsWanted } from './turns';

export interface LongRequests<T> {
  /**
   * Asks for something that others need not have, and so must not be kept waiting for. Its wait for a turn counts.
   *
   * @param key names the request: who asks again gets the answer of the one that is under way, or that has ended since
   * @param isWanted that of whoever asked last counts
   * @param waitMs longest wait for an answer
   * @throws TakesLong when there is no answer in time, while the request goes on; what the request throws
   */
  ask(
    key: string,
    isWanted: IsWanted,
    waitMs: number,
    request: (isWanted: IsWanted) => Promise<T>,
  ): Promise<T>;
  /** Whoever asks now begins anew. */
  forget(): void;
}

/** An answer is kept so long for whoever asks again: much longer than a partition is set aside (`set-aside.ts`). */
const KEPT_MS = 60_000;

export function createLongRequests<T>(keptMs = KEPT_MS): LongRequests<T> {
  interface UnderWay {
    answer: Promise<T>;
    isWanted: IsWanted;
  }
  const underWay = new Map<string, UnderWay>();

  return {
    async ask(key, isWanted, waitMs, request) {
      const one = underWay.get(key) ?? begin(key, isWanted, request);
      one.isWanted = isWanted;
      const result = await within(waitMs, one.answer, () => {
        throw new TakesLong(waitMs);
      });
      drop(key, one);
      return result;
    },
    forget: () => underWay.clear(),
  };

  function begin(key: string, isWanted: IsWanted, request: (isWanted: IsWanted) => Promise<T>): UnderWay {
    // Its turn may come at once.
    const asker = { isWanted };
    const one: UnderWay = Object.assign(asker, { answer: request(() => asker.isWanted()) });
    underWay.set(key, one);
    one.answer.then(
      (result) => {
        // Nobody wanted it, which says nothing.
        if (result === undefined) drop(key, one);
        // Whoever asked may hold a whole batch.
        one.isWanted = () => false;
        setTimeout(() => drop(key, one), keptMs).unref();
      },
      () => drop(key, one),
    );
    return one;
  }

  function drop(key: string, one: UnderWay): void {
    if (underWay.get(key) === one) underWay.delete(key);
  }
}
