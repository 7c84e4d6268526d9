import type { CallEvent, EventLog } from '../../stack/llm-simulator/event-log';

export interface SimulatorControl {
  /** Everything that was told so far. */
  calls: CallEvent[];
  /** Calls in flight when it was last asked. */
  inFlight: () => number;
  /** When the last call began or ended. */
  lastAt: () => number;
  setAway(away: boolean): Promise<void>;
  /** Asks once more, and then no longer. */
  stop(): Promise<void>;
}

const EVERY_MS = 250;

/**
 * Resets the simulator, and follows its calls from there.
 * @throws Error, at `stop` at the latest, when events were lost on the way: a count without them would be wrong
 */
export async function followSimulator(baseUrl: string): Promise<SimulatorControl> {
  const url = (path: string) => new URL(`/simulator/${path}`, baseUrl);
  await fetch(url('reset'), { method: 'POST' });
  const calls: CallEvent[] = [];
  let inFlight = 0;
  let lastAt = 0;
  let dropped = 0;
  const read = async (since: number) => {
    const response = await fetch(url(`events?since=${since}`));
    return (await response.json()) as ReturnType<EventLog['since']>;
  };
  let { next: cursor } = await read(0);
  const ask = async () => {
    const answer = await read(cursor);
    cursor = answer.next;
    dropped += answer.dropped;
    for (const event of answer.events) {
      calls.push(event);
      inFlight += event.what === 'accepted' ? 1 : -1;
      lastAt = Math.max(lastAt, event.at);
    }
  };
  let stopped = false;
  let asking = Promise.resolve();
  const timer = setInterval(() => {
    // One question at a time: two would tell the same events.
    asking = asking.then(() => (stopped ? undefined : ask())).catch(() => {});
  }, EVERY_MS);
  return {
    calls,
    inFlight: () => inFlight,
    lastAt: () => lastAt,
    async setAway(away) {
      await fetch(url('faults'), { method: 'PUT', body: JSON.stringify({ away }) });
    },
    async stop() {
      clearInterval(timer);
      stopped = true;
      await asking;
      await ask();
      if (dropped > 0) throw new Error(`the simulator has forgotten ${dropped} events before they were read`);
    },
  };
}
