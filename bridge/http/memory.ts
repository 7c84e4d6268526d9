import { HeadwayError } from '../../contracts/errors';

/** What one caller may take of a memory. */
export interface Share {
  /** Whether it may take anything now. */
  hasRoom(): boolean;
  /** Takes so many bytes; false, and nothing taken, when there is no room for all of them. */
  take(bytes: number): boolean;
  /** Takes them once there is room. Those who wait get it in order. */
  takeInTurn(bytes: number): Promise<void>;
  giveBack(bytes: number): void;
}

/** Counts the bytes that requests have in hand: no more than `total`, and no more than `each` of one caller. */
export function createMemory(limits: { total: number; each: number }) {
  const taken = new Map<string, number>();
  const waiting = new Set<{ caller: string; bytes: number; begin: () => void }>();
  let all = 0;

  const own = (caller: string) => taken.get(caller) ?? 0;
  const change = (caller: string, bytes: number) => {
    all += bytes;
    taken.set(caller, own(caller) + bytes);
  };
  const take = (caller: string, bytes: number): boolean => {
    if (all + bytes > limits.total || own(caller) + bytes > limits.each) return false;
    change(caller, bytes);
    return true;
  };
  /** Whether only what others have taken keeps it waiting. What has to wait for its own caller keeps nobody else. */
  const waitsForAll = ({ caller, bytes }: { caller: string; bytes: number }) =>
    own(caller) + bytes <= limits.each;
  const serve = (): void => {
    for (const one of waiting) {
      if (take(one.caller, one.bytes)) {
        waiting.delete(one);
        one.begin();
      } else if (waitsForAll(one)) {
        // Others would take what it waits for.
        return;
      }
    }
  };

  return {
    share: (caller: string): Share => ({
      hasRoom: () =>
        all < limits.total &&
        own(caller) < limits.each &&
        ![...waiting].some((one) => one.caller === caller || waitsForAll(one)),
      take: (bytes) => take(caller, bytes),
      takeInTurn: (bytes) =>
        new Promise((begin) => {
          waiting.add({ caller, bytes, begin });
          serve();
        }),
      giveBack(bytes) {
        change(caller, -bytes);
        serve();
      },
    }),
  };
}

export type Memory = ReturnType<typeof createMemory>;

/** Of one batch under way; a single line may have more. */
export const WINDOW_BYTES = 8 * 1024 * 1024;

/** A line that is being read and no longer than this is not counted: it is no more than the buffers of a connection have. */
export const SMALL_BYTES = 64 * 1024;

/**
 * One memory for bodies and one for the lines of batches, each of half the bytes, so that batches, which may last long, leave requests their half. None is smaller
 * than what the largest request needs that is alone.
 */
export function createMemories({
  bytes,
  bodyMaxBytes,
  severalCallers,
}: {
  bytes: number;
  bodyMaxBytes: number;
  /** Then one of them may take half of each. */
  severalCallers: boolean;
}) {
  const ofAtLeast = (least: number) => {
    const total = Math.max(bytes / 2, least);
    return createMemory({ total, each: severalCallers ? Math.max(total / 2, least) : total });
  };
  return { bodies: ofAtLeast(bodyMaxBytes), lines: ofAtLeast(WINDOW_BYTES + bodyMaxBytes) };
}

export type Memories = ReturnType<typeof createMemories>;

export function noRoom(what: 'bodies' | 'lines of batches'): HeadwayError {
  return new HeadwayError('HW_OVERLOADED', `the ${what} in hand take all the memory there is for them`);
}
