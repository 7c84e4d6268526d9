import {
  KafkaJSNonRetriableError,
  KafkaJSProtocolError,
  type Kafka,
  type ProducerBatch,
  type ProducerConfig,
  type RecordMetadata,
} from 'kafkajs';
import { createResultProducer } from '../../../activities/publish-result/result-producer';
import { acknowledge } from '../../support/acknowledge';

interface Request {
  producer: number;
  keys: string[];
  acks: number | undefined;
  end(): void;
  fail(error: Error): void;
}

/** A Kafka client whose requests end when the test says so. */
function fakeKafka({ connect = () => Promise.resolve() } = {}) {
  const requests: Request[] = [];
  const configs: ProducerConfig[] = [];
  const disconnected: number[] = [];
  let arrived: (() => void) | undefined;
  const kafka = {
    producer(config: ProducerConfig) {
      const producer = configs.push(config);
      return {
        connect,
        disconnect: () => Promise.resolve(disconnected.push(producer)),
        sendBatch: (batch: ProducerBatch) =>
          new Promise<RecordMetadata[]>((resolve, reject) => {
            const keys = (batch.topicMessages?.[0]?.messages ?? []).map(({ key }) => String(key));
            const end = () => resolve(acknowledge(config, batch));
            requests.push({ producer, keys, acks: batch.acks, end, fail: reject });
            arrived?.();
          }),
      };
    },
  } as unknown as Kafka;
  /** The nth request, once it was made. */
  async function request(nth: number): Promise<Request> {
    while (requests.length <= nth) await new Promise<void>((resolve) => (arrived = resolve));
    return requests[nth]!;
  }
  return { kafka, requests, request, configs, disconnected };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const record = (key: string, bytes = 10) => ({ key, value: Buffer.alloc(bytes), headers: {} });
const tooLarge = () =>
  new KafkaJSProtocolError({
    type: 'MESSAGE_TOO_LARGE',
    code: 10,
    retriable: false,
    name: 'MESSAGE_TOO_LARGE',
    message: 'The request included a message larger than the max message size the server will accept',
  } as never);

describe('the producer of results', () => {
  it('waits for all in-sync replicas, and writes nothing twice by itself', async () => {
    const { kafka, request, configs } = fakeKafka();
    const sent = createResultProducer(kafka, 'x-jobs-results').send(record('a'));
    const { acks, end } = await request(0);
    expect(acks).toBe(-1);
    expect(configs).toMatchObject([
      { idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false },
    ]);
    end();
    await expect(sent).resolves.toBe('acknowledged');
  });

  it('connects only when there is something to send', () => {
    const { kafka, configs } = fakeKafka();
    createResultProducer(kafka, 'x-jobs-results');
    expect(configs).toEqual([]);
  });

  it('says nothing is acknowledged before it is', async () => {
    const { kafka, request } = fakeKafka();
    let acknowledged = false;
    const sent = createResultProducer(kafka, 't')
      .send(record('a'))
      .then(() => (acknowledged = true));
    const { end } = await request(0);
    await turn();
    expect(acknowledged).toBe(false);
    end();
    await sent;
  });

  it('has one request under way, and sends what comes meanwhile together, in order', async () => {
    const { kafka, request, requests } = fakeKafka();
    const producer = createResultProducer(kafka, 't');
    const sent = [producer.send(record('a')), producer.send(record('b'))];
    const first = await request(0);
    expect(first.keys).toEqual(['a', 'b']);
    sent.push(...['c', 'd', 'e'].map((key) => producer.send(record(key))));
    await turn();
    expect(requests).toHaveLength(1);
    first.end();
    const second = await request(1);
    expect(second.keys).toEqual(['c', 'd', 'e']);
    second.end();
    await expect(Promise.all(sent)).resolves.toEqual(Array(5).fill('acknowledged'));
  });

  it('keeps a request below what a topic takes', async () => {
    const { kafka, request } = fakeKafka();
    const producer = createResultProducer(kafka, 't');
    const sent = ['a', 'b', 'c'].map((key) => producer.send(record(key, 250_000)));
    (await request(0)).end();
    (await request(1)).end();
    expect([(await request(0)).keys, (await request(1)).keys]).toEqual([['a', 'b'], ['c']]);
    await Promise.all(sent);
  });

  it.each([
    ['as kafkajs throws it', tooLarge],
    [
      'as the cause of another error',
      () => Object.assign(new KafkaJSNonRetriableError('failed'), { cause: tooLarge() }),
    ],
  ])('finds the one that is too large, %s', async (_, error) => {
    const { kafka, request, configs } = fakeKafka();
    const producer = createResultProducer(kafka, 't');
    const sent = ['a', 'fat', 'b'].map((key) => producer.send(record(key)));
    (await request(0)).fail(error());
    (await request(1)).end();
    (await request(2)).fail(error());
    (await request(3)).end();
    await expect(Promise.all(sent)).resolves.toEqual(['acknowledged', 'too-large', 'acknowledged']);
    expect(configs).toHaveLength(1);
  });

  it('takes a new producer after any other error, and gives up the old one', async () => {
    const { kafka, request, disconnected } = fakeKafka();
    const producer = createResultProducer(kafka, 't');
    const first = [producer.send(record('a')), producer.send(record('b'))];
    const seen = Promise.allSettled(first);
    (await request(0)).fail(new Error('out of order sequence number'));
    expect((await seen).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(disconnected).toEqual([1]);
    await turn();
    const again = producer.send(record('a'));
    const second = await request(1);
    expect(second.producer).toBe(2);
    second.end();
    await expect(again).resolves.toBe('acknowledged');
  });

  it('sends on what came while a request failed', async () => {
    const { kafka, request } = fakeKafka();
    const producer = createResultProducer(kafka, 't');
    const failing = producer.send(record('a'));
    const seen = expect(failing).rejects.toThrow('no leader');
    const first = await request(0);
    const waiting = producer.send(record('b'));
    first.fail(new Error('no leader'));
    await seen;
    (await request(1)).end();
    await expect(waiting).resolves.toBe('acknowledged');
  });

  it('tries to connect again with the next record', async () => {
    let away = true;
    const connect = () => (away ? Promise.reject(new Error('connection refused')) : Promise.resolve());
    const { kafka, request } = fakeKafka({ connect });
    const producer = createResultProducer(kafka, 't');
    await expect(producer.send(record('a'))).rejects.toThrow('connection refused');
    away = false;
    await turn();
    const again = producer.send(record('a'));
    (await request(0)).end();
    await expect(again).resolves.toBe('acknowledged');
  });

  it('closes when all is sent', async () => {
    const { kafka, request, disconnected } = fakeKafka();
    const producer = createResultProducer(kafka, 't');
    const sent = producer.send(record('a'));
    const { end } = await request(0);
    const closing = producer.close();
    await turn();
    expect(disconnected).toEqual([]);
    end();
    await Promise.all([sent, closing]);
    expect(disconnected).toEqual([1]);
    await createResultProducer(kafka, 't').close();
  });
});
