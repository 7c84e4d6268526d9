import { setTimeout as delay } from 'node:timers/promises';
import type { Crew } from './crew';
import { now } from './clock';
import type { PlannedFault } from './schedule';
import type { SimulatorControl } from './simulator-control';

export interface Struck {
  kind: PlannedFault['kind'] | 'leave';
  /** When it had happened; of a consumer that joins, when it was ready. */
  at: number;
}

export interface StrikeOptions {
  beganAt: number;
  /** How long jobs are sent: a guest that would come after that does not come. */
  loadMs: number;
  crew: Pick<Crew, 'kill' | 'join' | 'problems'>;
  simulator: Pick<SimulatorControl, 'setAway'>;
  signal: AbortSignal;
}

/**
 * Lets each fault happen at its time, and one guest come after the other has left. Resolves when the last one has, at the end of the load at the latest: who
 * is not ready then does not come.
 */
export async function strike(faults: PlannedFault[], options: StrikeOptions): Promise<Struck[]> {
  const { beganAt, loadMs, crew, simulator, signal } = options;
  const struck: Struck[] = [];
  const happened = (kind: Struck['kind']) => struck.push({ kind, at: now() });
  const leftMs = () => beganAt + loadMs - now();

  async function visit(stayMs: number): Promise<void> {
    if (leftMs() <= 0) return void crew.problems.push('no jobs were left for a guest to come');
    // That it does not start is said by the crew.
    const joining = crew.join().catch(() => undefined);
    const isReady = await Promise.race([joining.then(() => true), delay(leftMs(), false, { signal })]);
    if (!isReady) {
      crew.problems.push('a guest was not ready before the last job was sent');
      return void joining.then((leave) => leave?.());
    }
    const leave = await joining;
    if (!leave) return;
    happened('join');
    await delay(Math.max(0, Math.min(stayMs, leftMs())), undefined, { signal });
    leave();
    happened('leave');
  }

  let visits = Promise.resolve();
  for (const fault of faults) {
    await delay(Math.max(0, beganAt + fault.at - now()), undefined, { signal });
    if (fault.kind === 'join') {
      visits = visits.then(() => visit(fault.stayMs));
      // Whoever ends the run ends both of us; nobody waits for the guests then.
      visits.catch(() => {});
      continue;
    }
    if (fault.kind === 'kill') await crew.kill(fault.consumer);
    else await simulator.setAway(fault.kind === 'llm-away');
    happened(fault.kind);
  }
  await visits;
  return struck;
}
