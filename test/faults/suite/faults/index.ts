import { bridgeFaults } from './bridges';
import type { Fault } from './fault';
import { llmFaults } from './llm';
import { networkFaults } from './network';
import { publishingFaults } from './publishing';
import { serverFaults } from './servers';
import { topicFaults } from './topics';
import { workerFaults } from './workers';

export const allFaults: readonly Fault[] = [
  ...bridgeFaults,
  ...workerFaults,
  ...serverFaults,
  ...networkFaults,
  ...llmFaults,
  ...publishingFaults,
  ...topicFaults,
];
