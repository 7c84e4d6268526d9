import { setTimeout as delay } from 'node:timers/promises';
import type { Crew } from './crew';
import { now } from './clock';
import type { PlannedFault } from './schedule';
import type { SimulatorControl } from './simulator-control';

export interface Struck {
  kind: PlannedFault['kind'];
  /** When it had happened. */
  at: number;
}

/** Lets each fault happen at its time. Resolves when the last one has. */
export async function strike(
  faults: PlannedFault[],
  beganAt: number,
  { crew, simulator }: { crew: Crew; simulator: SimulatorControl },
  signal: AbortSignal,
): Promise<Struck[]> {
  const struck: Struck[] = [];
  for (const fault of faults) {
    await delay(Math.max(0, beganAt + fault.at - now()), undefined, { signal });
    if (fault.kind === 'kill') await crew.kill(fault.consumer);
    else if (fault.kind === 'join') await crew.join();
    else if (fault.kind === 'leave') await crew.leave();
    else await simulator.setAway(fault.kind === 'llm-away');
    struck.push({ kind: fault.kind, at: now() });
  }
  return struck;
}
