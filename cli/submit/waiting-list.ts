import type { JobEnd } from './door';

/** Jobs whose ends somebody waits for. */
export interface WaitingList {
  expect(id: string): void;
  forget(id: string): void;
  isExpected(id: string): boolean;
  expectNoMore(): void;
  ended(end: JobEnd): void;
  /** Nothing will be heard any more. */
  fail(error: unknown): void;
  /** Over when no job is expected, nor any more to be. Throws what `fail` was given, and the reason of the signal. */
  ends(): AsyncIterable<JobEnd>;
}

export function createWaitingList(signal: AbortSignal): WaitingList {
  const expected = new Set<string>();
  const ended: JobEnd[] = [];
  let failure: { error: unknown } | undefined;
  let more = true;
  let changed = () => {};
  return {
    expect: (id) => void expected.add(id),
    forget(id) {
      expected.delete(id);
      changed();
    },
    isExpected: (id) => expected.has(id),
    expectNoMore() {
      more = false;
      changed();
    },
    ended(end) {
      if (expected.delete(end.id)) ended.push(end);
      changed();
    },
    fail(error) {
      failure = { error };
      changed();
    },
    async *ends() {
      const interrupted = () => changed();
      signal.addEventListener('abort', interrupted);
      try {
        for (;;) {
          const next = new Promise<void>((resolve) => (changed = resolve));
          yield* ended.splice(0);
          signal.throwIfAborted();
          if (failure) throw failure.error;
          if (ended.length > 0) continue;
          if (expected.size === 0 && !more) return;
          await next;
        }
      } finally {
        signal.removeEventListener('abort', interrupted);
      }
    },
  };
}
