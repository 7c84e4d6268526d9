import { allFaults } from './faults';
import type { Fault } from './faults/fault';

/**
 * What `npm test` strikes with, once each: one or more of each group of faults, those that are over in seconds on one broker. Who waits for
 * the group's session timeout (12 s) beside the others comes first; what needs nothing of that strikes beside them.
 */
const names = [
  'bridge-frozen',
  'llm-misbehaves',
  'worker-killed',
  'bridge-killed-before-commit-answer',
  'llm-away',
  'workers-away',
  'temporal-killed',
  'dead-letters-refused',
  'kafka-killed',
  'worker-killed-in-publish',
  'database-away',
  'network-cut',
  'worker-killed-in-completion',
  'rebalance-storm',
  'temporal-frozen',
  'worker-killed-in-llm-call',
  'results-producer-fenced',
  'network-half-closed',
  'results-refused',
  'worker-killed-in-enrich',
  'network-refused',
  'worker-terminated',
  'offsets-reset-into-packs',
];

export const shortForm: readonly Fault[] = names.map((name) => {
  const fault = allFaults.find((one) => one.name === name);
  if (!fault) throw new Error(`there is no fault ${name}`);
  return fault;
});
