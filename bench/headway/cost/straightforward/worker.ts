import OpenAI from 'openai';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { createDatabase } from '../../../../runtime/database';
import { openKafka, readSettings, ready, runProgram } from '../../../strategies/job';
import { createStraightforwardActivities } from './activities';

/** The worker process. Everything is as the SDK has it, but for the slots: nobody is to wait for one. */
runProgram(async () => {
  const settings = readSettings();
  const { TEMPORAL_ADDRESS: address, TASK_QUEUE: taskQueue = '', DATABASE_URL: url = '' } = process.env;
  Runtime.install({ logger: new DefaultLogger('WARN') });
  const database = createDatabase({ url });
  const producer = openKafka(settings).producer({ allowAutoTopicCreation: false });
  await producer.connect();
  const openai = new OpenAI({ apiKey: 'bench', baseURL: settings.llmUrl, maxRetries: 0 });
  const { resultsTopic } = settings;
  const connection = await NativeConnection.connect({ address });
  const worker = await Worker.create({
    connection,
    taskQueue,
    workflowsPath: require.resolve('./workflow'),
    activities: createStraightforwardActivities({ database, openai, producer, resultsTopic }),
    maxConcurrentActivityTaskExecutions: settings.slots,
  });
  const running = worker.run();
  ready(async () => {
    worker.shutdown();
    await running;
    await connection.close();
    await producer.disconnect();
    await database.close();
  });
  await running;
});
