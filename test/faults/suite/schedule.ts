import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../../../contracts/errors';
import { createRandom } from '../../../stack/llm-simulator/random';
import { NoEffect, type Fault, type Scene } from './faults/fault';
import { canBeTogether } from './faults/resources';

/** One time that a fault struck, in milliseconds since 1970. */
export interface Strike {
  fault: string;
  beganAt: number;
  endedAt: number;
  /** `failed`: something was not as it should be afterwards. */
  outcome: 'struck' | 'had no effect' | 'failed';
  /** What was seen of it, or why there was nothing to see. */
  effect: string;
}

export type StrikeTime = Pick<Strike, 'fault' | 'beganAt' | 'endedAt'>;

/** A strike before it has happened. */
export interface PlannedStrike {
  fault: Fault;
  number: number;
  pauseMs: number;
}

export interface ScheduleOptions {
  /** In this order: see `planStrikes`. */
  plan: Iterable<PlannedStrike>;
  seed: number;
  /** No strike begins later. */
  milliseconds: number;
  /** How many faults may be under way at once. */
  lanes: number;
  scene: Omit<Scene, 'random'>;
  onStrike: (fault: Fault, strike?: Strike) => void;
  signal: AbortSignal;
}

/**
 * Strikes in the order of the plan: each begins when there is a free lane and nothing under way needs what it needs. So what strikes, in
 * which order, and what never meets, is decided by the plan; by the machine only when.
 */
export async function runSchedule(options: ScheduleOptions): Promise<Strike[]> {
  const { plan, seed, milliseconds, lanes, scene, onStrike, signal } = options;
  const beganAt = Date.now();
  const isOver = () => signal.aborted || Date.now() - beganAt >= milliseconds;
  const strikes: Strike[] = [];
  const underWay = new Map<Fault, Promise<void>>();

  for (const { fault, number, pauseMs } of plan) {
    if (isOver()) break;
    await delay(pauseMs, undefined, { signal }).catch(() => undefined);
    while (underWay.size >= lanes || [...underWay.keys()].some((other) => !canBeTogether(fault, other)))
      await Promise.race(underWay.values());
    if (isOver()) break;
    onStrike(fault);
    const strike = strikeOnce(fault, { ...scene, random: createRandom('strike', seed, number) });
    const ended = strike.then((one) => {
      underWay.delete(fault);
      strikes.push(one);
      onStrike(fault, one);
    });
    underWay.set(fault, ended);
  }
  await Promise.all(underWay.values());
  return strikes.sort((a, b) => a.beganAt - b.beganAt);
}

/** Strikes, and notes when and with what effect. Never throws. */
export async function strikeOnce(fault: Fault, scene: Scene): Promise<Strike> {
  const beganAt = Date.now();
  const ended = (outcome: Strike['outcome'], effect: string): Strike => ({
    fault: fault.name,
    beganAt,
    endedAt: Date.now(),
    outcome,
    effect,
  });
  try {
    return ended('struck', await fault.strike(scene));
  } catch (error) {
    return ended(error instanceof NoEffect ? 'had no effect' : 'failed', messageOf(error));
  }
}

/**
 * Without end: deals from a shuffled deck, so that every fault has its turn before one comes again, and where it can, one
 * that may strike beside the one before.
 */
export function* planStrikes(faults: readonly Fault[], seed: number): Generator<PlannedStrike> {
  const random = createRandom('schedule', seed);
  let deck: Fault[] = [];
  let previous: Fault | undefined;
  for (let number = 0; faults.length > 0; number++) {
    if (deck.length === 0) deck = random.shuffle(faults);
    const beside = deck.findIndex((fault) => !previous || canBeTogether(fault, previous));
    const [fault] = deck.splice(Math.max(0, beside), 1);
    if (!fault) return;
    previous = fault;
    yield { fault, number, pauseMs: random.integer(1_000, 6_000) };
  }
}

/** Each of them once, in this order. */
export function planOnce(faults: readonly Fault[]): PlannedStrike[] {
  return faults.map((fault, number) => ({ fault, number, pauseMs: 0 }));
}
