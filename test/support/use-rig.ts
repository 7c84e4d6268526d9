import { endProcesses } from './processes';
import { createRig, type Rig } from './rig';

/** A rig of its own for each test of the file. No process and no connection of a test outlives it. */
export function useRig(options?: Parameters<typeof createRig>[0]): Rig {
  const rig = {} as Rig;
  beforeEach(async () => void Object.assign(rig, await createRig(options)));
  afterEach(async () => {
    await endProcesses();
    await rig.close();
  });
  return rig;
}
