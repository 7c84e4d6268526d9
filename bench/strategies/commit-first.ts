import { callLlm, openKafka, openResults, parseJob, readSettings, ready, runProgram, untilDone } from './job';
import { beating, heartbeatMs, joined } from './joined';

/** As many jobs at a time as there are slots. The offset is committed when a slot has taken the job, before it is done. */
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
  const inHand = new Set<Promise<void>>();
  const work = async (value: Buffer | null) => {
    const job = parseJob(value);
    if (job === undefined) return results.deadLetter(value);
    await untilDone(() => callLlm(settings, job));
    await results.publish(job);
  };
  await consumer.connect();
  await consumer.subscribe({ topic: settings.queueTopic, fromBeginning: true });
  await consumer.run({
    autoCommitThreshold: 1,
    eachMessage: async (delivery) => {
      while (inHand.size >= settings.slots) await beating(delivery, Promise.race(inHand));
      const working: Promise<void> = work(delivery.message.value).finally(() => inHand.delete(working));
      inHand.add(working);
    },
  });
  await inGroup;
  ready(async () => {
    await consumer.disconnect();
    await Promise.all(inHand);
    await results.close();
  });
});
