import { messageOf } from '../../contracts/errors';
import type { Logger } from '../../runtime/logger';
import { isThrottled } from '../../runtime/temporal';
import { Throttle } from './throttle';
import { WaterMark, type Load } from './water-mark';

export interface BackpressureOptions {
  loads: Load[];
  /** Called when the bridge should stop starting packs, and when it may go on. */
  onPause: () => void;
  onResume: () => void;
  logger: Logger;
  /** Told everything that is read. */
  onLevel?: (name: string, level: number) => void;
}

export interface Backpressure {
  /** Starts one pack and learns from how it goes. Throws what `start` throws. */
  watch<T>(start: () => Promise<T>): Promise<T>;
  /** Why the bridge is paused, in a few words, or undefined. */
  reason(): string | undefined;
  /** True while it is Temporal's refusals that the bridge is paused for. */
  throttled(): boolean;
  stop(): void;
}

/** Temporal answers from a cache of 5 s, and a bridge is one of many that ask. */
const READ_EVERY_MS = 2_000;
/** A server that takes long to answer is asked less often: a tenth of the time, within bounds. */
const LONGEST_PAUSE_BETWEEN_READS_MS = 20_000;
const LOOK_AGAIN_MS = 250;

/**
 * Decides when the bridge pauses: while Temporal throttles, and while it has more to do than the marks allow. What waits, waits in
 * Kafka then, where it costs nothing. Reads the loads while packs are being started or still in Temporal; an idle bridge asks nothing.
 */
export function createBackpressure(options: BackpressureOptions): Backpressure {
  const { loads, onPause, onResume, onLevel, logger } = options;
  const throttle = new Throttle();
  const watched = loads.map((load) => ({ load, mark: new WaterMark(load), failing: false }));
  let paused: { reason: string; since: number } | undefined;
  let readTimer: NodeJS.Timeout | undefined;
  let lookTimer: NodeJS.Timeout | undefined;
  let nextReadAt = 0;
  let stopped = false;

  return {
    async watch(start) {
      try {
        const started = await start();
        throttle.started();
        for (const { mark } of watched) mark.started();
        return started;
      } catch (error) {
        if (isThrottled(error)) throttle.refused();
        throw error;
      } finally {
        decide();
        scheduleRead();
      }
    },
    reason: () => paused?.reason,
    throttled: () => throttle.active(),
    stop() {
      stopped = true;
      clearTimeout(readTimer);
      clearTimeout(lookTimer);
    },
  };

  function decide(): void {
    if (stopped) return;
    const because = reasonToPause();
    if (because && !paused) {
      paused = { reason: because.reason, since: Date.now() };
      logger.warn(because, 'bridge pauses: Temporal has enough to do; records wait in Kafka');
      onPause();
    } else if (because && paused) {
      paused.reason = because.reason;
    } else if (!because && paused) {
      const { reason, since } = paused;
      paused = undefined;
      logger.info({ reason, forMs: Date.now() - since, ...levels() }, 'bridge goes on');
      onResume();
    }
    // A pause may end by the passing of time alone.
    clearTimeout(lookTimer);
    if (paused) lookTimer = setTimeout(lookAgain, LOOK_AGAIN_MS);
  }

  function lookAgain(): void {
    for (const { mark } of watched) mark.judge();
    decide();
  }

  function reasonToPause() {
    if (throttle.active()) return { reason: 'Temporal throttles', ...levels() };
    const full = watched.find(({ mark }) => mark.full);
    if (!full) return undefined;
    const { what, high, low } = full.load;
    const level = full.mark.level();
    return { reason: `${level} ${what}, from ${high} down to ${low}`, high, low, ...levels() };
  }

  function levels(): Record<string, number> {
    return Object.fromEntries(watched.map(({ load, mark }) => [load.name, mark.level()]));
  }

  function scheduleRead(): void {
    if (stopped || readTimer) return;
    readTimer = setTimeout(() => void readAll(), Math.max(0, nextReadAt - Date.now()));
  }

  async function readAll(): Promise<void> {
    const beganAt = Date.now();
    await Promise.all(watched.map(readOne));
    const tookMs = Date.now() - beganAt;
    nextReadAt = Date.now() + Math.min(Math.max(READ_EVERY_MS, 10 * tookMs), LONGEST_PAUSE_BETWEEN_READS_MS);
    readTimer = undefined;
    decide();
    if (paused || watched.some(({ mark }) => mark.level() > 0)) scheduleRead();
  }

  async function readOne(one: (typeof watched)[number]): Promise<void> {
    const { load, mark } = one;
    const askedAt = Date.now();
    try {
      const value = await load.read();
      mark.read(value, askedAt);
      onLevel?.(load.name, value);
      if (one.failing) logger.info({ load: load.name }, 'Temporal says again how much it has to do');
      one.failing = false;
    } catch (error) {
      mark.judge();
      if (!one.failing) {
        const fields = { load: load.name, reason: messageOf(error) };
        logger.warn(fields, 'Temporal does not say how much it has to do; only own starts are counted');
      }
      one.failing = true;
    }
  }
}
