import { noServers, type Contender } from './contender';
import { startProgram, strategy } from './program';

/** kafkajs hands over a batch of one partition: with few of them a batch is full, which is best for this way. */
const PARTITIONS = 4;

export const batch100: Contender = {
  name: 'batch-100',
  title: '100 in parallel, commit after the batch',
  about: 'kafkajs 2.2.4, eachBatch, a batch in parallel, committed when its last job is done',
  partitions: PARTITIONS,
  prepare: () => Promise.resolve(),
  startServers: () => Promise.resolve(noServers),
  startConsumer: ({ env }, _servers, index) => startProgram(`consumer-${index}`, strategy('batch-100', env)),
};
