import type { MakeCommand } from '../program';

/** Every command of `headway`, in the order of the help page. */
export const commands: readonly MakeCommand[] = [];
