import { noServers, type Contender } from './contender';
import { startProgram, strategy } from './program';

export const sequential: Contender = {
  name: 'sequential',
  title: 'one at a time',
  about: 'kafkajs 2.2.4, eachMessage, the offset committed after each job',
  jobsAtATime: 1,
  prepare: () => Promise.resolve(),
  startServers: () => Promise.resolve(noServers),
  startConsumer: ({ env }, _servers, index) => startProgram(`consumer-${index}`, strategy('sequential', env)),
};
