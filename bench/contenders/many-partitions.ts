import { noServers, type Contender } from './contender';
import { startProgram, strategy } from './program';

/** As many as there are slots by default, so that it may have as many jobs in hand as everybody else. */
const PARTITIONS = 100;

export const manyPartitions: Contender = {
  name: 'many-partitions',
  title: `${PARTITIONS} partitions, one job each`,
  about: `kafkajs 2.2.4, eachMessage on ${PARTITIONS} partitions at once, the offset committed after each job`,
  partitions: PARTITIONS,
  prepare: () => Promise.resolve(),
  startServers: () => Promise.resolve(noServers),
  startConsumer: ({ env }, _servers, index) =>
    startProgram(`consumer-${index}`, strategy('many-partitions', env)),
};
