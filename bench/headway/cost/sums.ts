import { benchParts, systemParts } from './parts';
import type { Round } from './round';

/** Of everything that works for the jobs. */
export function systemCpuMs({ cpuMsPerJob }: Pick<Round, 'cpuMsPerJob'>): number {
  return systemParts.reduce((sum, part) => sum + cpuMsPerJob[part], 0);
}

/** With the simulator and the load. */
export function wholeCpuMs(round: Pick<Round, 'cpuMsPerJob'>): number {
  return benchParts.reduce((sum, part) => sum + round.cpuMsPerJob[part], systemCpuMs(round));
}
