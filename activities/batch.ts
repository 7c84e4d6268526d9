import { setMaxListeners } from 'node:events';
import { HeadwayError, messageOf, type ErrorCode } from '../contracts/errors';
import type { StageFailure } from '../contracts/stages';
import { isPermanent, isUnavailable } from '../contracts/stage-errors';

/** Stop adding outcomes to one response at this size; the workflow asks again for the rest. */
const RESPONSE_MAX_BYTES = 512 * 1024;

/** The first outcomes that fit into one response, at least one. */
export function cutBySize<Outcome>(outcomes: Outcome[], maxBytes = RESPONSE_MAX_BYTES): Outcome[] {
  let bytes = 0;
  const end = outcomes.findIndex((outcome) => {
    bytes += jsonBytes(outcome);
    return bytes > maxBytes;
  });
  return end === -1 ? outcomes : outcomes.slice(0, Math.max(1, end));
}

export function jsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value) ?? '', 'utf8');
}

/** An error that a pipeline's own code threw, as the outcome of that one job. */
export function toStageFailure(error: unknown, code: ErrorCode): StageFailure {
  const final = isPermanent(error) || error instanceof HeadwayError;
  return {
    kind: final ? 'final' : 'retry',
    code: error instanceof HeadwayError ? error.code : code,
    message: messageOf(error),
    shared: !final && isUnavailable(error),
    endedAt: Date.now(),
  };
}

/**
 * Runs `work` for all items at once and returns what is there when all have ended, or, once some have got through, `patienceMs`
 * after the beginning: a slow one is left to the next call rather than holding up the others. While nothing but failures
 * is there that may pass, all are waited for, since only all of them tell whether the trouble is shared. Those still running after
 * `timeoutMs` are aborted; when nothing has got through by then they are given to `onTimeout`.
 */
export async function runBatch<Item, Outcome extends { kind: string }>(
  items: Item[],
  options: { timeoutMs: number; patienceMs?: number },
  work: (item: Item, signal: AbortSignal) => Promise<Outcome>,
  onTimeout: (item: Item) => Outcome,
): Promise<Outcome[]> {
  const outcomes = new Map<Item, Outcome>();
  const abort = new AbortController();
  // Each item listens, and a pack has more of them than Node.js takes for a leak.
  setMaxListeners(0, abort.signal);
  const all = Promise.all(
    items.map(async (item) => {
      const outcome = await work(item, abort.signal);
      if (!abort.signal.aborted) outcomes.set(item, outcome);
    }),
  );
  try {
    const inTime = delay(options.timeoutMs, abort.signal);
    await Promise.race([all, inTime, delay(options.patienceMs ?? 1_000, abort.signal)]);
    if (!gotThrough()) await Promise.race([all, inTime]);
  } finally {
    abort.abort();
    all.catch(() => undefined);
  }
  const some = gotThrough();
  return items.flatMap((item) => outcomes.get(item) ?? (some ? [] : [onTimeout(item)]));

  function gotThrough(): boolean {
    return [...outcomes.values()].some(({ kind }) => kind !== 'retry');
  }
}

function delay(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  });
}
