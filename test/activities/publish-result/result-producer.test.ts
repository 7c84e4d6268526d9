import {
  KafkaJSNonRetriableError,
  KafkaJSProtocolError,
  type Kafka,
  type ProducerBatch,
  type ProducerConfig,
  type RecordMetadata,
} from 'kafkajs';
import { createResultProducer } from '../../../activities/publish-result/result-producer';
import { createPartitionOf } from '../../../runtime/kafka/partition-sender';
import { acknowledge } from '../../support/acknowledge';

interface Request {
  producer: number;
  keys: string[];
  acks: number | undefined;
  end(): void;
  fail(error: Error): void;
}

/** A Kafka client, of a topic with so many partitions, whose requests end when the test says so. */
function fakeKafka({ connect = () => Promise.resolve(), partitions = 1 } = {}) {
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
            const answer = acknowledge(config, batch, partitions);
            const end = () => resolve(answer);
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

/** A producer that has sent a record, so that it knows the partitions. */
async function opened(options: Parameters<typeof fakeKafka>[0] = {}) {
  const fake = fakeKafka(options);
  const producer = createResultProducer(fake.kafka, 't');
  const sent = producer.send(record('first'));
  (await fake.request(0)).end();
  await sent;
  return { ...fake, producer };
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
    const { producer, request, requests } = await opened();
    const sent = [producer.send(record('a')), producer.send(record('b'))];
    const first = await request(1);
    expect(first.keys).toEqual(['a', 'b']);
    sent.push(...['c', 'd', 'e'].map((key) => producer.send(record(key))));
    await turn();
    expect(requests).toHaveLength(2);
    first.end();
    const second = await request(2);
    expect(second.keys).toEqual(['c', 'd', 'e']);
    second.end();
    await expect(Promise.all(sent)).resolves.toEqual(Array(5).fill('acknowledged'));
  });

  it('keeps a request below what a topic takes', async () => {
    const { producer, request } = await opened();
    const sent = ['a', 'b', 'c'].map((key) => producer.send(record(key, 250_000)));
    (await request(1)).end();
    (await request(2)).end();
    expect([(await request(1)).keys, (await request(2)).keys]).toEqual([['a', 'b'], ['c']]);
    await Promise.all(sent);
  });

  it.each([
    ['as kafkajs throws it', tooLarge],
    [
      'as the cause of another error',
      () => Object.assign(new KafkaJSNonRetriableError('failed'), { cause: tooLarge() }),
    ],
  ])('finds the one that is too large, %s', async (_, error) => {
    const { producer, request, configs } = await opened();
    const sent = ['a', 'fat', 'b'].map((key) => producer.send(record(key)));
    (await request(1)).fail(error());
    (await request(2)).end();
    (await request(3)).fail(error());
    (await request(4)).end();
    await expect(Promise.all(sent)).resolves.toEqual(['acknowledged', 'too-large', 'acknowledged']);
    expect(configs).toHaveLength(1);
  });

  it('takes a new producer after any other error, and gives up the old one', async () => {
    const { producer, request, disconnected } = await opened();
    const first = [producer.send(record('a')), producer.send(record('b'))];
    const seen = Promise.allSettled(first);
    (await request(1)).fail(new Error('out of order sequence number'));
    expect((await seen).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await turn();
    expect(disconnected).toEqual([1]);
    const again = producer.send(record('a'));
    const second = await request(2);
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

  it('fails all that wait at once while nothing is known of the topic', async () => {
    const connect = () => Promise.reject(new Error('connection refused'));
    const { kafka, configs } = fakeKafka({ connect });
    const producer = createResultProducer(kafka, 't');
    const sent = await Promise.allSettled(['a', 'b', 'c'].map((key) => producer.send(record(key))));
    expect(sent.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(configs).toHaveLength(1);
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

describe('the producer of results of a topic with three partitions', () => {
  const partitionOf = createPartitionOf('t', 3);
  const keys = Array.from({ length: 20 }, (_, index) => `job-${index}`);
  const keysOf = (partition: number) => keys.filter((key) => partitionOf(key) === partition);

  /** Twenty records are on their way to three partitions; their requests in order of the partitions. */
  async function begin() {
    const fake = await opened({ partitions: 3 });
    const ends = new Map<string, string>();
    const sent = keys.map((key) =>
      fake.producer.send(record(key)).then(
        (outcome) => void ends.set(key, outcome),
        (error: Error) => void ends.set(key, error.message),
      ),
    );
    const requests = [await fake.request(1), await fake.request(2), await fake.request(3)];
    requests.sort((a, b) => partitionOf(a.keys[0]!) - partitionOf(b.keys[0]!));
    const endsOf = (partition: number) => [...new Set(keysOf(partition).map((key) => ends.get(key)))];
    return { ...fake, requests, endsOf, sent: Promise.all(sent) };
  }

  it('sends the records of each together, in a request of their own, side by side', async () => {
    const { requests, sent } = await begin();
    expect(requests.map((request) => request.keys)).toEqual([keysOf(0), keysOf(1), keysOf(2)]);
    for (const { end } of requests) end();
    await sent;
  });

  it('has acknowledged those of two when the third takes none', async () => {
    const { requests, endsOf, sent } = await begin();
    requests[1]!.fail(new Error('not enough in-sync replicas'));
    await turn();
    requests[0]!.end();
    requests[2]!.end();
    await sent;
    expect([endsOf(0), endsOf(1), endsOf(2)]).toEqual([
      ['acknowledged'],
      ['not enough in-sync replicas'],
      ['acknowledged'],
    ]);
  });

  it('sends one again by itself that is too large, with nothing of other partitions', async () => {
    const { requests, request, endsOf, sent } = await begin();
    requests[0]!.end();
    requests[2]!.end();
    requests[1]!.fail(tooLarge());
    for (const [index, key] of keysOf(1).entries()) {
      const alone = await request(4 + index);
      expect(alone.keys).toEqual([key]);
      alone.end();
    }
    await sent;
    expect(endsOf(1)).toEqual(['acknowledged']);
  });

  it('sees requests under way to their end before it gives up a producer that failed one of them', async () => {
    const { producer, requests, request, disconnected, sent } = await begin();
    requests[1]!.fail(new Error('not enough in-sync replicas'));
    await turn();
    expect(disconnected).toEqual([]);
    const again = producer.send(record(keysOf(1)[0]!));
    const second = await request(4);
    expect(second.producer).toBe(2);
    requests[0]!.end();
    requests[2]!.end();
    await sent;
    await turn();
    expect(disconnected).toEqual([1]);
    second.end();
    await expect(again).resolves.toBe('acknowledged');
  });

  it('does not wait for the very first record with those of other partitions', async () => {
    const { kafka, request } = fakeKafka({ partitions: 3 });
    const producer = createResultProducer(kafka, 't');
    const sent = [...keysOf(1).slice(0, 2), keysOf(0)[0]!].map((key) => producer.send(record(key)));
    const first = await request(0);
    const other = await request(1);
    expect([first.keys, other.keys]).toEqual([[keysOf(1)[0]], [keysOf(0)[0]]]);
    other.end();
    await expect(sent[2]).resolves.toBe('acknowledged');
    first.end();
    const second = await request(2);
    expect(second.keys).toEqual([keysOf(1)[1]]);
    second.end();
    await Promise.all(sent);
  });

  it('sends nothing any more for one who could not wait', async () => {
    const { producer, requests, request, sent } = await begin();
    const abort = new AbortController();
    const given = keysOf(1)
      .slice(0, 2)
      .map((key) => producer.send(record(key), abort.signal));
    const seen = Promise.allSettled(given);
    const stays = producer.send(record(keysOf(1)[2]!));
    await turn();
    abort.abort(new Error('no time'));
    expect(await seen).toEqual([
      { status: 'rejected', reason: new Error('no time') },
      { status: 'rejected', reason: new Error('no time') },
    ]);
    for (const { end } of requests) end();
    const next = await request(4);
    expect(next.keys).toEqual([keysOf(1)[2]]);
    next.end();
    await Promise.all([sent, stays]);
  });

  it('says which of them have been without an answer for seconds', async () => {
    const { producer, requests, sent } = await begin();
    const late = Date.now() + 2_001;
    const [hangs, goesOn] = [keysOf(1)[0]!, keysOf(2)[0]!];
    expect(producer.isStuck(hangs)).toBe(false);
    requests.find((request) => request.keys.includes(goesOn))!.end();
    await turn();
    const clock = jest.spyOn(Date, 'now').mockReturnValue(late);
    try {
      expect([producer.isStuck(hangs), producer.isStuck(goesOn)]).toEqual([true, false]);
      for (const { end } of requests) end();
      await sent;
      await turn();
      expect(producer.isStuck(hangs)).toBe(false);
    } finally {
      clock.mockRestore();
    }
  });
});
