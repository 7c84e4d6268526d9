import { messageOf } from '../../contracts/errors';
import { within } from '../../runtime/within';
import { TakesLong } from './own-trouble';
import type { IsWanted } from './turns';

export interface LongRequest<T> {
  /** One of a kind is under way for each, such as a partition. */
  key: string;
  /** What is asked for. Something else under the same key takes its place. */
  name: string;
  /** That of whoever asked last counts. */
  isWanted: IsWanted;
  /** Longest wait for an answer, a wait for a turn included. */
  waitMs: number;
  request: (isWanted: IsWanted) => Promise<T>;
}

export interface LongRequests<T> {
  /**
   * Asks for something that others need not have, and so must not be kept waiting for. Who asks again gets the answer of the request that is under way,
   * or has ended since.
   *
   * @throws TakesLong when there is no answer in time, while the request goes on; what the request throws
   */
  ask(asked: LongRequest<T>): Promise<T>;
  /** Whoever asks now begins anew. */
  forget(): void;
}

/** An answer is kept so long for whoever asks again: much longer than a partition is set aside (`set-aside.ts`). */
const KEPT_MS = 60_000;

export function createLongRequests<T>(keptMs = KEPT_MS): LongRequests<T> {
  interface UnderWay {
    name: string;
    answer: Promise<T>;
    isWanted: IsWanted;
    kept?: NodeJS.Timeout;
  }
  const underWay = new Map<string, UnderWay>();
  /** By key: why it failed while nobody waited. */
  const failures = new Map<string, string>();

  return {
    async ask(asked) {
      const { key, name, isWanted, waitMs } = asked;
      const before = underWay.get(key);
      // The log has moved on: it may still wait for its turn.
      if (before && before.name !== name) before.isWanted = () => false;
      const one = before?.name === name ? before : begin(asked);
      one.isWanted = isWanted;
      const result = await within(waitMs, one.answer, () => {
        throw new TakesLong(waitMs, failures.get(key));
      });
      drop(key, one);
      failures.delete(key);
      return result;
    },
    forget() {
      underWay.clear();
      failures.clear();
    },
  };

  function begin({ key, name, isWanted, request }: LongRequest<T>): UnderWay {
    // Its turn may come at once.
    const asker = { isWanted };
    const one: UnderWay = Object.assign(asker, { name, answer: request(() => asker.isWanted()) });
    underWay.set(key, one);
    one.answer.then(
      (result) => {
        // Whoever asked may hold a whole batch.
        one.isWanted = () => false;
        // That nobody wanted it says nothing.
        if (result === undefined) drop(key, one);
        else one.kept = setTimeout(() => drop(key, one), keptMs).unref();
      },
      (error: unknown) => {
        if (underWay.get(key) === one) failures.set(key, messageOf(error));
        drop(key, one);
      },
    );
    return one;
  }

  function drop(key: string, one: UnderWay): void {
    clearTimeout(one.kept);
    if (underWay.get(key) === one) underWay.delete(key);
  }
}
