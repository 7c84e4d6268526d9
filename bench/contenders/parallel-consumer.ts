import { noServers, type Contender } from './contender';
import { javaProgram, prepareJava, scaledMs, type JavaContender } from './java';
import { startProgram } from './program';

export const java: JavaContender = {
  profile: 'parallel-consumer',
  main: 'headway.bench.ConfluentParallelConsumer',
  ownFiles: 'ConfluentParallelConsumer',
};

export const parallelConsumer: Contender = {
  name: 'parallel-consumer',
  title: 'Confluent parallel-consumer',
  about:
    'parallel-consumer-core 0.5.3.3, kafka-clients 3.9.1, pollAndProduce, UNORDERED, maxConcurrency = slots, offsets and what is done beyond them ' +
    'committed every 5 s, retried by itself after 1 s, poison to the dead-letter topic; JVM -Xmx256m',
  prepare: (context) => prepareJava(java, context),
  startServers: () => Promise.resolve(noServers),
  startConsumer: async (context, _servers, index) => {
    const env = {
      ...context.env,
      RETRY_DELAY_MS: scaledMs(context, 1_000),
      COMMIT_INTERVAL_MS: scaledMs(context, 5_000),
    };
    return startProgram(`consumer-${index}`, await javaProgram(java, context, { env, maxMegabytes: 256 }));
  },
};
