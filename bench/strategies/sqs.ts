// SQS, a standard queue: a message in hand is invisible for a while, and gone when it is deleted, after its result is written. While a job runs, its
// visibility timeout is extended; when the process dies, it runs out and the message is received again: each job happens at least once. A
// failed job becomes visible after a growing pause. What was received as often as the redrive policy says goes to the dead-letter queue.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SQSClient,
  type Message,
} from '@aws-sdk/client-sqs';
import { setTimeout as delay } from 'node:timers/promises';
import { callLlm, openResults, parseJob, readSettings, ready, runProgram } from './job';

runProgram(async () => {
  const settings = readSettings();
  const results = await openResults(settings);
  const { SQS_ENDPOINT, QUEUE_URL: QueueUrl, VISIBILITY_SECONDS, RETRY_MS, WAIT_SECONDS } = process.env;
  const sqs = new SQSClient({ endpoint: SQS_ENDPOINT });
  const visibilitySeconds = Number(VISIBILITY_SECONDS);
  const inHand = new Set<Promise<void>>();
  const stopped = new AbortController();

  const visibleIn = ({ ReceiptHandle }: Message, VisibilityTimeout: number) =>
    sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout }));

  async function workOn(message: Message): Promise<void> {
    const job = parseJob(message.Body ?? null);
    // It will not get better: the redrive policy may count on.
    if (!job) return void (await visibleIn(message, 0));
    const extend = () =>
      void visibleIn(message, visibilitySeconds).catch((error: Error) => console.error(error.message));
    const timer = setInterval(extend, (visibilitySeconds * 1_000) / 2);
    try {
      await callLlm(settings, job);
      await results.publish(job);
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle }));
    } catch (error) {
      console.error((error as Error).message);
      const received = Number(message.Attributes?.ApproximateReceiveCount ?? 1);
      await visibleIn(message, Math.ceil((Number(RETRY_MS) * 2 ** (received - 1)) / 1_000));
    } finally {
      clearInterval(timer);
    }
  }

  async function receive(): Promise<void> {
    const free = settings.slots - inHand.size;
    if (free === 0) return void (await Promise.race(inHand));
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        ...{ QueueUrl, MaxNumberOfMessages: Math.min(10, free), WaitTimeSeconds: Number(WAIT_SECONDS) },
        ...{ VisibilityTimeout: visibilitySeconds, MessageSystemAttributeNames: ['ApproximateReceiveCount'] },
      }),
      { abortSignal: stopped.signal },
    );
    for (const message of Messages) {
      const work = workOn(message)
        .catch((error: Error) => console.error(error.message))
        .finally(() => inHand.delete(work));
      inHand.add(work);
    }
  }

  async function receiveUntilStopped(): Promise<void> {
    while (!stopped.signal.aborted) {
      await receive().catch(async (error: Error) => {
        if (stopped.signal.aborted) return;
        console.error(error.message);
        await delay(1_000);
      });
    }
  }

  const receiving = receiveUntilStopped();
  ready(async () => {
    stopped.abort();
    await receiving;
    await Promise.race([Promise.all(inHand), delay(8_000)]);
    await results.close();
  });
});
