import { Client, Connection, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { openKafka, readSettings, ready, runProgram } from '../../../strategies/job';
import { joined } from '../../../strategies/joined';
import { readJob } from './job';
import type { straightforward } from './workflow';

/** Starts a workflow for each record, those of a partition one after the other, and commits as kafkajs does by itself. */
runProgram(async () => {
  const settings = readSettings();
  const { TEMPORAL_ADDRESS: address, TASK_QUEUE: taskQueue = '', PARTITIONS = '12' } = process.env;
  const connection = await Connection.connect({ address });
  const client = new Client({ connection });
  const consumer = openKafka(settings).consumer({ groupId: settings.groupId });
  const inGroup = joined(consumer);
  await consumer.connect();
  await consumer.subscribe({ topic: settings.queueTopic, fromBeginning: true });
  await consumer.run({
    partitionsConsumedConcurrently: Number(PARTITIONS),
    eachMessage: async ({ message }) => {
      const job = readJob(message.value);
      try {
        await client.workflow.start<typeof straightforward>('straightforward', {
          // Rounds have jobs of the same ids.
          ...{ workflowId: `${taskQueue}/${job.id}`, taskQueue, args: [job] },
          workflowIdReusePolicy: 'REJECT_DUPLICATE',
        });
      } catch (error) {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      }
    },
  });
  await inGroup;
  ready(async () => {
    await consumer.disconnect();
    await connection.close();
  });
});
