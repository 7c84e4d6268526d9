import type { EngineName } from '../measurement';
import { startEmbedded } from './embedded';
import type { StartEngine } from './engine';
import { startPostgresFromBench } from './postgres-options';

/** By the name that `--engine` takes. */
export const engines: Partial<Record<EngineName, StartEngine>> = {
  embedded: startEmbedded,
  postgres: startPostgresFromBench,
};
