import { runTool } from '../../stack/run-tool';
import { noServers, type Contender, type RunContext } from './contender';
import { javaProgram, prepareJava, scaledMs, type JavaContender } from './java';
import { startProgram } from './program';

export const java: JavaContender = {
  profile: 'share-group',
  main: 'headway.bench.ShareGroup',
  ownFiles: 'ShareGroup',
};

export const shareGroup: Contender = {
  name: 'share-group',
  title: 'Kafka share group',
  about:
    'kafka-clients 4.3.1, KafkaShareConsumer, explicit acknowledgement, one consumer a slot (record_limit, max.poll.records=1), locks renewed ' +
    'at half their 30 s; while the LLM fails the record stays in hand, since a group gives it up after five deliveries; a dead letter, and then REJECT, for poison; JVM -Xmx256m',
  prepare: (context) => prepareJava(java, context),
  startServers: () => Promise.resolve(noServers),
  startConsumer: async (context, _servers, index) =>
    startProgram(`consumer-${index}`, await programOf(context)),
  held: async (context, _servers, ids) => {
    const { command, args, env } = await programOf(context, 'held');
    const output = await runTool({ command, args, env: { ...process.env, ...env }, signal: context.signal });
    return Math.min(ids.length, Number(output));
  },
};

function programOf(context: RunContext, ...args: string[]) {
  const env = { ...context.env, RETRY_DELAY_MS: scaledMs(context, 1_000) };
  return javaProgram(java, context, { env, args, maxMegabytes: 256 });
}
