import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { Contender, ContenderServers } from './contender';
import { installElasticMq, startElasticMq } from './elasticmq/server';
import { startOwnServers } from './own-servers';
import { startProgram, strategy } from './program';
import { scaled } from './scaled';

interface SqsServers extends ContenderServers {
  client: SQSClient;
  queueUrl: string;
  deadLetterUrl: string;
  /** Those read so far: reading them takes them away. */
  deadLetters: string[];
}

/** As many as SQS takes and gives at once. */
const BATCH = 10;

export const sqs: Contender = {
  name: 'sqs',
  title: 'SQS (ElasticMQ)',
  about:
    'ElasticMQ 1.7.1 in memory instead of SQS, AWS SDK 3.1175.0, long polling (1 s), deleted after the result, visibility timeout 30 s (times the time scale) and ' +
    'extended at half of it, a failed job visible again after 1 s, 2 s, 4 s, ... (times the time scale, whole seconds), redrive after 10 receives; JVM -Xmx256m',
  prepare: installElasticMq,
  startServers: (context) =>
    startOwnServers(context, async (own) => {
      const endpoint = await startElasticMq(own, context);
      const env = {
        SQS_ENDPOINT: endpoint,
        AWS_REGION: 'elasticmq',
        AWS_ACCESS_KEY_ID: 'bench',
        AWS_SECRET_ACCESS_KEY: 'bench',
      };
      const credentials = { accessKeyId: 'bench', secretAccessKey: 'bench' };
      const client = new SQSClient({ endpoint, region: env.AWS_REGION, credentials });
      own.afterwards(() => client.destroy());
      const deadLetterUrl = await createQueue(client, 'jobs-dead-letters');
      const { Attributes } = await client.send(
        new GetQueueAttributesCommand({ QueueUrl: deadLetterUrl, AttributeNames: ['QueueArn'] }),
      );
      const queueUrl = await createQueue(client, 'jobs', {
        RedrivePolicy: JSON.stringify({ deadLetterTargetArn: Attributes?.QueueArn, maxReceiveCount: 10 }),
      });
      const servers: SqsServers = {
        ...own.running({ ...env, QUEUE_URL: queueUrl }),
        ...{ client, queueUrl, deadLetterUrl, deadLetters: [] },
      };
      return servers;
    }),
  startConsumer: (context, servers, index) => {
    const times = {
      VISIBILITY_SECONDS: String(Math.max(2, Math.round(scaled(context, 30_000) / 1_000))),
      RETRY_MS: String(scaled(context, 1_000)),
      // Not the 20 that AWS recommends: with those, messages that became visible again were seen to wait long for ElasticMQ to hand them out.
      WAIT_SECONDS: '1',
    };
    return startProgram(`consumer-${index}`, strategy('sqs', { ...context.env, ...servers.env, ...times }));
  },

  openProducer(_context, servers) {
    const { client, queueUrl } = servers as SqsServers;
    return Promise.resolve({
      async send(values) {
        const batches = Array.from({ length: Math.ceil(values.length / BATCH) }, (_, batch) =>
          values.slice(batch * BATCH, (batch + 1) * BATCH),
        );
        await Promise.all(batches.map((batch) => sendBatch(client, queueUrl, batch)));
      },
      close: () => Promise.resolve(),
    });
  },

  async deadLetters(_context, servers) {
    const { client, deadLetterUrl: QueueUrl, deadLetters } = servers as SqsServers;
    for (;;) {
      const { Messages = [] } = await client.send(
        new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: BATCH }),
      );
      if (Messages.length === 0) return deadLetters;
      for (const { Body, ReceiptHandle } of Messages) {
        deadLetters.push(Body ?? '');
        await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
      }
    }
  },

  async held(_context, servers, ids) {
    const { client, queueUrl: QueueUrl } = servers as SqsServers;
    const { Attributes = {} } = await client.send(
      new GetQueueAttributesCommand({
        QueueUrl,
        AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
      }),
    );
    const total = Object.values(Attributes).reduce((sum, value) => sum + Number(value), 0);
    return Math.min(ids.length, total);
  },
};

async function createQueue(
  client: SQSClient,
  QueueName: string,
  Attributes?: Record<string, string>,
): Promise<string> {
  const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName, Attributes }));
  if (QueueUrl === undefined) throw new Error(`The queue ${QueueName} has no address.`);
  return QueueUrl;
}

async function sendBatch(client: SQSClient, QueueUrl: string, values: Buffer[]): Promise<void> {
  const Entries = values.map((value, place) => ({ Id: String(place), MessageBody: String(value) }));
  const { Failed = [] } = await client.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
  if (Failed[0]) throw new Error(`SQS refused a message: ${Failed[0].Message}`);
}
