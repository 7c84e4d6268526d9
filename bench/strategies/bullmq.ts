// BullMQ: a job in hand has a lock that its worker renews. When a worker dies, the lock runs out (30 s), another worker finds the job stalled (looking each
// 30 s) and puts it back: each job happens at least once. A job that has stalled more often than `maxStalledCount` goes to the failed set, so does one that
// has failed as often as its `attempts` say, and one whose error is unrecoverable.
// https://docs.bullmq.io/guide/workers/stalled-jobs  https://docs.bullmq.io/guide/retrying-failing-jobs
import { UnrecoverableError, Worker } from 'bullmq';
import { callLlm, openResults, parseJob, readSettings, ready, runProgram } from './job';

runProgram(async () => {
  const settings = readSettings();
  const results = await openResults(settings);
  const { REDIS_PORT, LOCK_MS } = process.env;

  const worker = new Worker<{ value: string }>(
    'jobs',
    async ({ data }) => {
      const job = parseJob(data.value);
      if (!job) throw new UnrecoverableError('It is no JSON.');
      await callLlm(settings, job);
      await results.publish(job);
    },
    {
      connection: { host: '127.0.0.1', port: Number(REDIS_PORT), maxRetriesPerRequest: null },
      concurrency: settings.slots,
      lockDuration: Number(LOCK_MS),
      stalledInterval: Number(LOCK_MS),
      // By default a job whose worker has died twice is given up.
      maxStalledCount: 10,
    },
  );
  worker.on('error', (error) => console.error(error.message));
  await worker.waitUntilReady();
  ready(async () => {
    await worker.close();
    await results.close();
  });
});
