import type { MakeCommand } from '../program';
import { apiKeyCommand } from './api-key';
import { auditCommand } from './audit';
import { cancelCommand } from './cancel';
import { codecServerCommand } from './codec-server';
import { completionCommand } from './completion';
import { doctorCommand } from './doctor';
import { listCommand } from './list';
import { newCommand } from './new';
import { payloadKeyCommand } from './payload-key';
import { pipelinesCommand } from './pipelines';
import { redriveCommand } from './redrive';
import { replayCommand } from './replay';
import { resultCommand } from './result';
import { retryCommand } from './retry';
import { statusCommand } from './status';
import { submitCommand } from './submit';
import { versionsCommand } from './versions';
import { watchCommand } from './watch';

/** Every command of `headway`, in the order of the help page. */
export const commands: readonly MakeCommand[] = [
  submitCommand,
  statusCommand,
  watchCommand,
  resultCommand,
  cancelCommand,
  retryCommand,
  listCommand,
  auditCommand,
  redriveCommand,
  pipelinesCommand,
  newCommand,
  doctorCommand,
  versionsCommand,
  replayCommand,
  completionCommand,
  apiKeyCommand,
  payloadKeyCommand,
  codecServerCommand,
];
