import { callLlm, openKafka, openResults, parseJob, readSettings, ready, runProgram, untilDone } from './job';
import { beating, heartbeatMs, joined } from './joined';

/** As many jobs in parallel as there are slots; the offset moves on when the last of them is done. */
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
  const work = async (value: Buffer | null) => {
    const job = parseJob(value);
    if (job === undefined) return results.deadLetter(value);
    await untilDone(() => callLlm(settings, job));
    await results.publish(job);
  };
  await consumer.connect();
  await consumer.subscribe({ topic: settings.queueTopic, fromBeginning: true });
  await consumer.run({
    eachBatch: async (delivery) => {
      const { topic, partition, messages } = delivery.batch;
      for (
        let from = 0;
        from < messages.length && delivery.isRunning() && !delivery.isStale();
        from += settings.slots
      ) {
        const taken = messages.slice(from, from + settings.slots);
        await beating(delivery, Promise.all(taken.map(({ value }) => work(value))));
        const last = taken.at(-1)!.offset;
        delivery.resolveOffset(last);
        const offset = String(BigInt(last) + 1n);
        await delivery.commitOffsetsIfNecessary({ topics: [{ topic, partitions: [{ partition, offset }] }] });
      }
    },
    // What a stop left out is not done.
    eachBatchAutoResolve: false,
  });
  await inGroup;
  ready(async () => {
    await consumer.disconnect();
    await results.close();
  });
});
