import { allFaults } from './faults';
import type { Fault } from './faults/fault';

/**
 * Those with these names, all where there are none, that can strike with so many brokers.
 *
 * @throws Error that names a fault which does not exist, or which was asked for and needs another number of brokers
 */
export function chooseFaults(
  names: readonly string[],
  brokers: 1 | 3,
  faults: readonly Fault[] = allFaults,
): Fault[] {
  const canStrike = (fault: Fault) => (fault.brokers ?? brokers) === brokers;
  for (const name of names) {
    const fault = faults.find((one) => one.name === name);
    if (!fault) throw new Error(`there is no fault ${name}; --list shows them`);
    if (!canStrike(fault)) throw new Error(`${name} can strike only with --brokers ${fault.brokers}`);
  }
  return faults.filter((fault) => canStrike(fault) && (names.length === 0 || names.includes(fault.name)));
}
