/** A poll lasts a minute, and the server tells of those who polled within the last five, of dead ones too. */
export const POLLED_WITHIN_MS = 90_000;

type Poller = { identity?: string | null; lastAccessTime?: { seconds?: unknown } | null };

/** Processes that work at present, of those a task queue was polled by. */
export function countLiving(pollers: readonly Poller[], now = Date.now()): number {
  const living = pollers.filter(
    ({ lastAccessTime }) => now - Number(lastAccessTime?.seconds ?? 0) * 1_000 <= POLLED_WITHIN_MS,
  );
  return new Set(living.map(({ identity }) => identity)).size;
}
