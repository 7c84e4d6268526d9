import { allFaults } from './faults';
import type { Fault } from './faults/fault';

/**
 * What `npm test` strikes with, once each: at least one of each of the ten groups of faults, those that one broker can have and that are over in
 * seconds. The group's session timeout (6 s) passes twice: what needs nothing of that strikes beside it.
 */
const names = [
  'bridge-frozen',
  'llm-misbehaves',
  'worker-killed',
  'bridge-killed-before-commit-answer',
  'llm-away',
  'temporal-killed',
  'kafka-killed',
  'worker-killed-in-publish',
  'database-away',
  'results-producer-fenced',
  'temporal-frozen',
  'network-cut',
  'dead-letters-refused',
  'offsets-reset-into-packs',
];

export const shortForm: readonly Fault[] = names.map((name) => {
  const fault = allFaults.find((one) => one.name === name);
  if (!fault) throw new Error(`there is no fault ${name}`);
  return fault;
});
