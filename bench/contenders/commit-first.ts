import { noServers, type Contender } from './contender';
import { startProgram, strategy } from './program';

export const commitFirst: Contender = {
  name: 'commit-first',
  title: '100 in parallel, commit on receipt',
  about: 'kafkajs 2.2.4, eachMessage, the offset committed when a slot has taken the job, before it is done',
  prepare: () => Promise.resolve(),
  startServers: () => Promise.resolve(noServers),
  startConsumer: ({ env }, _servers, index) =>
    startProgram(`consumer-${index}`, strategy('commit-first', env)),
};
