// DBOS Transact: the Kafka receiver writes a batch of records as enqueued workflows into PostgreSQL, in one transaction, and passes their offsets
// then; a workflow's id is made of topic, partition, group and offset, so that a redelivered record starts nothing. What a step returned is in PostgreSQL
// and not done again; a step whose process dies before that is done again: each step happens at least once. Workflows of a process that died go on when
// a process with the same executor id starts again. A failed step is tried again as often as `maxAttempts` says, 3 times by default.
// https://docs.dbos.dev/typescript/tutorials/externalmessages  https://docs.dbos.dev/typescript/tutorials/workflow-tutorial
import { DBOS } from '@dbos-inc/dbos-sdk';
import { KafkaReceiver } from '@dbos-inc/kafkajs-receive';
import { logLevel, type KafkaMessage } from 'kafkajs';
import { callLlm, openResults, parseJob, readSettings, ready, runProgram } from './job';
import { heartbeatMs } from './joined';

runProgram(async () => {
  const settings = readSettings();
  const results = await openResults(settings);
  const { DATABASE_URL, EXECUTOR_ID, RETRY_SECONDS, POLLING_MS } = process.env;

  const workOn = async (_topic: string, _partition: number, { value }: KafkaMessage): Promise<void> => {
    const job = parseJob(value);
    if (!job) return DBOS.runStep(() => results.deadLetter(value), { name: 'dead letter' });
    // Doubled each time: the tenth comes after eight and a half minutes.
    const retries = { retriesAllowed: true, intervalSeconds: Number(RETRY_SECONDS), maxAttempts: 10 };
    const status = await DBOS.runStep(() => callLlm(settings, job), { name: 'llm', ...retries }).then(
      () => 'completed' as const,
      () => 'failed' as const,
    );
    await DBOS.runStep(() => results.publish(job, status), { name: 'publish', ...retries });
  };

  const kafka = new KafkaReceiver({ brokers: settings.brokers, logLevel: logLevel.NOTHING });
  kafka.registerConsumer(DBOS.registerWorkflow(workOn, { name: 'workOn' }), settings.queueTopic, {
    queueName: 'jobs',
    config: {
      groupId: settings.groupId,
      sessionTimeout: settings.sessionTimeoutMs,
      heartbeatInterval: heartbeatMs(settings),
    },
  });
  DBOS.setConfig({
    name: 'bench',
    systemDatabaseUrl: DATABASE_URL,
    executorID: EXECUTOR_ID,
    logLevel: 'error',
  });
  await DBOS.launch();
  await DBOS.registerQueue('jobs', {
    workerConcurrency: settings.slots,
    minPollingIntervalMs: Number(POLLING_MS),
  });
  ready(async () => {
    // What does not finish in that time waits until a process with this executor id starts.
    await DBOS.shutdown({ workflowCompletionTimeoutMS: 8_000 });
    await results.close();
  });
});
