import { setTimeout as delay } from 'node:timers/promises';
import type { Consumer, Contender, ContenderServers, RunContext } from '../contenders/contender';
import { now } from './clock';
import type { Step } from './in-flight';
import { within } from './within';

export interface Crew {
  /** Of all that live. */
  pids(): number[];
  /** SIGKILL of one, which is started again after a moment. Resolves when it is dead. */
  kill(place: number): Promise<void>;
  /** One consumer more. Resolves when it consumes, with what tells it to stop and does not wait for that. */
  join(): Promise<() => void>;
  /** How many consume, from when on. */
  consuming: Step[];
  /** What went wrong, in sentences. */
  problems: string[];
  /** Waits for those that are being started, and stops everyone. */
  stop(): Promise<void>;
}

const START_MS = 120_000;
const STOP_MS = 30_000;
/** A consumer that ends by itself again and again is not started again for ever. */
const RESTARTS = 5;

/** The consumers of a run, and the supervisor that starts them again. Resolves when all of them consume. */
export async function startCrew(
  contender: Contender,
  context: RunContext,
  servers: ContenderServers,
  restartMs: number,
): Promise<Crew> {
  const members: Consumer[] = [];
  const leaving = new Set<Consumer>();
  /** Those that consume now; one that is killed while it starts does not begin to. */
  const atWork = new Set<Consumer>();
  const ends = new Map<Consumer, number>();
  const consuming: Step[] = [];
  const problems: string[] = [];
  const pending = new Set<Promise<unknown>>();
  let started = 0;
  let stopping = false;

  const inBackground = (what: string, work: Promise<unknown>) => {
    const watched = work
      .catch((error: unknown) => {
        if (!stopping) problems.push(`${what}: ${(error as Error).message}`);
      })
      .finally(() => pending.delete(watched));
    pending.add(watched);
  };

  const changed = () => void consuming.push({ at: now(), count: atWork.size });
  const begins = (consumer: Consumer) => void (atWork.add(consumer), changed());
  const ended = (consumer: Consumer) => {
    ends.set(consumer, (ends.get(consumer) ?? 0) + 1);
    if (atWork.delete(consumer)) changed();
  };

  async function start(): Promise<Consumer> {
    const index = started++;
    const consumer = await within(
      START_MS,
      `the start of consumer ${index}`,
      contender.startConsumer(context, servers, index),
    );
    let restarts = 0;
    consumer.onEndedByItself((how) => {
      ended(consumer);
      if (stopping) return;
      problems.push(`consumer ${index} ended by itself after ${Math.round(now() - beganAt)} ms: ${how}`);
      if (restarts++ < RESTARTS) inBackground(`restart of consumer ${index}`, startAgain(consumer));
    });
    members.push(consumer);
    begins(consumer);
    return consumer;
  }

  async function startAgain(consumer: Consumer): Promise<void> {
    await delay(restartMs);
    if (stopping) return;
    const before = ends.get(consumer);
    await within(START_MS, 'a restart', consumer.startAgain());
    if (ends.get(consumer) === before && !atWork.has(consumer)) begins(consumer);
  }

  const beganAt = now();
  const stop = async () => {
    stopping = true;
    // A guest that is ready only now leaves at once, which is waited for too.
    while (pending.size > 0) await Promise.all(pending);
    await within(STOP_MS, 'the stop of the consumers', Promise.all(members.map((one) => one.stop())));
  };
  try {
    await Promise.all(Array.from({ length: context.consumers }, start));
  } catch (error) {
    await stop().catch(() => {});
    throw error;
  }
  return {
    problems,
    consuming,
    stop,
    pids: () => [...members, ...leaving].flatMap((member) => Object.values(member.pids())),
    async kill(place) {
      const member = members[place];
      if (!member) return;
      ended(member);
      await member.kill();
      inBackground(`restart of consumer ${place}`, startAgain(member));
    },
    async join() {
      const starting = start();
      inBackground('a consumer more', starting);
      const guest = await starting;
      return () => {
        if (!members.includes(guest)) return;
        members.splice(members.indexOf(guest), 1);
        leaving.add(guest);
        ended(guest);
        // Told, not killed: it may take its time, in which everything goes on.
        const gone = within(STOP_MS, 'its stop', guest.stop()).finally(() => leaving.delete(guest));
        inBackground('the leaving consumer', gone);
      };
    },
  };
}
