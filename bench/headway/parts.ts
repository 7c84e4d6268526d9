import { cost } from './cost';
import { growth } from './growth';
import { handoff } from './handoff';
import { inFlight } from './in-flight';
import type { Measurement } from './measurement';
import { sizing } from './sizing';
import { steady } from './steady';

/** In the order in which they run. */
export const parts: readonly Measurement[] = [handoff, cost, steady, inFlight, ...growth, sizing];
