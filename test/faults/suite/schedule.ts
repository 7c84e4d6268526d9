import { setTimeout as delay } from 'node:timers/promises';
import { createRandom, type Random } from '../../../stack/llm-simulator/random';
import type { Fault, Scene } from './faults/fault';

/** One time that a fault struck, in milliseconds since 1970. */
export interface Strike {
  fault: string;
  beganAt: number;
  endedAt: number;
}

export interface ScheduleOptions {
  faults: readonly Fault[];
  seed: number;
  milliseconds: number;
  /** How many faults may be under way at once. */
  lanes: number;
  scene: Omit<Scene, 'random'>;
  onStrike: (fault: Fault, phase: 'begins' | 'ends') => void;
  signal: AbortSignal;
}

/**
 * Strikes with one fault after the other, in an order and with pauses that the seed decides, in several lanes side by side. Each lane
 * deals from a shuffled deck, so that every fault has its turn before one comes again.
 */
export async function runSchedule(options: ScheduleOptions): Promise<Strike[]> {
  const { faults, seed, milliseconds, lanes, scene, onStrike, signal } = options;
  const beganAt = Date.now();
  const strikes: Strike[] = [];
  const turn = createTurns();
  const isOver = () => signal.aborted || Date.now() - beganAt >= milliseconds;

  await Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      const random = createRandom('schedule', seed, lane);
      const deck = createDeck(faults, random);
      for (let number = 0; !isOver(); number++) {
        await delay(random.integer(1_000, 8_000), undefined, { signal }).catch(() => undefined);
        const fault = deck();
        const own = createRandom('strike', seed, lane, number);
        await turn(fault.alone ?? false, async () => {
          if (isOver()) return;
          onStrike(fault, 'begins');
          strikes.push(await strikeOnce(fault, { ...scene, random: own }));
          onStrike(fault, 'ends');
        });
      }
    }),
  );
  return strikes.sort((a, b) => a.beganAt - b.beganAt);
}

/** Strikes, and notes when. */
export async function strikeOnce(fault: Fault, scene: Scene): Promise<Strike> {
  const beganAt = Date.now();
  await fault.strike(scene);
  return { fault: fault.name, beganAt, endedAt: Date.now() };
}

function createDeck(faults: readonly Fault[], random: Random): () => Fault {
  let deck: Fault[] = [];
  return () => {
    if (deck.length === 0) deck = random.shuffle(faults);
    return deck.pop()!;
  };
}

/** Those who want to be alone wait until nobody is there, and keep newcomers out; the others go side by side. */
function createTurns(): (alone: boolean, work: () => Promise<void>) => Promise<void> {
  let everyone: Promise<unknown> = Promise.resolve();
  let lastAlone: Promise<unknown> = Promise.resolve();
  return (alone, work) => {
    const mine = (alone ? everyone : lastAlone).then(work);
    const settled = mine.catch(() => undefined);
    everyone = Promise.all([everyone, settled]);
    if (alone) lastAlone = everyone;
    return mine;
  };
}
