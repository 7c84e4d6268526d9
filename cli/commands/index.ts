import type { MakeCommand } from '../program';
import { auditCommand } from './audit';
import { redriveCommand } from './redrive';

/** Every command of `headway`, in the order of the help page. */
export const commands: readonly MakeCommand[] = [auditCommand, redriveCommand];
