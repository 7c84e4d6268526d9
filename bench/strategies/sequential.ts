import { callLlm, openKafka, openResults, parseJob, readSettings, ready, runProgram, untilDone } from './job';
import { beating, heartbeatMs, joined } from './joined';

/** One job at a time; its offset is committed when it is done. */
runProgram(async () => {
  const settings = readSettings();
  const kafka = openKafka(settings);
  const results = await openResults(settings, kafka);
  const consumer = kafka.consumer({
    groupId: settings.groupId,
    sessionTimeout: settings.sessionTimeoutMs,
    heartbeatInterval: heartbeatMs(settings),
  });
  const inGroup = joined(consumer);
  await consumer.connect();
  await consumer.subscribe({ topic: settings.queueTopic, fromBeginning: true });
  await consumer.run({
    autoCommitThreshold: 1,
    eachMessage: async (delivery) => {
      const job = parseJob(delivery.message.value);
      if (job === undefined) return results.deadLetter(delivery.message.value);
      await beating(
        delivery,
        untilDone(() => callLlm(settings, job)),
      );
      await results.publish(job);
    },
  });
  await inGroup;
  ready(async () => {
    await consumer.disconnect();
    await results.close();
  });
});
