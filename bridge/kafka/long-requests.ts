import { within } from '../../runtime/within';
import { TakesLong } from './own-trouble';
import type { IsWanted } from './turns';

export interface LongRequests<T> {
  /**
   * Asks for something that others need not have, and so must not be kept waiting for. Its wait for a turn counts.
   *
   * @param key names the request: who asks again gets the answer of the one that is under way
   * @throws TakesLong when there is no answer in time, while the request goes on; what the request throws
   */
  ask(key: string, isWanted: IsWanted, request: (isWanted: IsWanted) => Promise<T>): Promise<T>;
  /** Whoever asks now begins anew. */
  forget(): void;
}

/** @param waitMs longest wait for an answer */
export function createLongRequests<T>(waitMs: number): LongRequests<T> {
  interface UnderWay {
    answer: Promise<T>;
    /** Of whoever asked last. */
    isWanted: IsWanted;
  }
  const underWay = new Map<string, UnderWay>();

  return {
    async ask(key, isWanted, request) {
      const one = underWay.get(key) ?? begin(key, isWanted, request);
      one.isWanted = isWanted;
      const result = await within(waitMs, one.answer, () => {
        throw new TakesLong(waitMs);
      });
      if (underWay.get(key) === one) underWay.delete(key);
      return result;
    },
    forget: () => underWay.clear(),
  };

  function begin(key: string, isWanted: IsWanted, request: (isWanted: IsWanted) => Promise<T>): UnderWay {
    // Its turn may come at once.
    const asker = { isWanted };
    const one: UnderWay = Object.assign(asker, { answer: request(() => asker.isWanted()) });
    underWay.set(key, one);
    // Success is kept for whoever asks again; a failure, or an answer that nobody wanted, is not.
    const drop = () => void (underWay.get(key) === one && underWay.delete(key));
    one.answer.then((result) => result === undefined && drop(), drop);
    return one;
  }
}
