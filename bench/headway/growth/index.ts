import type { Measurement } from '../measurement';
import { growthDatabase } from './database';
import { growthHistory } from './history';
import { growthWorkers } from './workers';

/** What happens when something gets more. Each by itself, so that one can be measured without the others. */
export const growth: readonly Measurement[] = [growthWorkers, growthHistory, growthDatabase];
