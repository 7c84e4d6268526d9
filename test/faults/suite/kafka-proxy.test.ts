import { eventually } from '../../support/eventually';
import { createKafkaProxy, type KafkaProxy, type OffsetCommitEvent } from './kafka-proxy';
import { connectTo, startServer, type Peer, type TestServer } from './proxy-support';

// As kafkajs 2.2.4 encodes them, for the client "headway" and the group "bridge".
const metadata = frame('0000001c00030006000000070007686561647761790000000100046a6f627301');
const offsetCommit = frame(
  '0000003d000800050000000800076865616477617900066272696467650000000300026d310000000100046a6f62730000000100000000000000000000002affff',
);
const heartbeat = frame('00000023000c00030000000900076865616477617900066272696467650000000300026d31ffff');

/** An answer to the request with this correlation id; what it says does not matter here. */
const answerTo = (correlationId: number) => frame(`0000000c0000000${correlationId}0000000000000000`);

let broker: TestServer;
let proxy: KafkaProxy;
let client: Peer;
let events: OffsetCommitEvent[];

beforeEach(async () => {
  events = [];
  broker = await startServer();
  proxy = await createKafkaProxy({ name: 'kafka', target: () => ({ host: '127.0.0.1', port: broker.port }) });
  client = await connectTo(proxy.port);
});

afterEach(async () => {
  client.socket.destroy();
  await proxy.close();
  broker.close();
});

const brokerHas = (...frames: Buffer[]) => has('broker', () => broker.peers[0], frames);
const clientHas = (...frames: Buffer[]) => has('client', () => client, frames);

function has(name: string, peer: () => Peer | undefined, frames: Buffer[]) {
  const expected = Buffer.concat(frames);
  return eventually(`the ${name} has ${frames.length} frames`, () => {
    const received = peer()?.received() ?? Buffer.alloc(0);
    return received.equals(expected) || `it has ${received.toString('hex')}`;
  });
}

const holdOn = (phase: OffsetCommitEvent['phase']) =>
  proxy.onOffsetCommit((event) => {
    events.push(event);
    return event.phase === phase ? 'hold' : 'forward';
  });

test.each([1, 3, 5, 13, 1000])(
  'frames pass unchanged in chunks of %d bytes, and commits are seen',
  async (size) => {
    proxy.onOffsetCommit((event) => {
      events.push(event);
      return 'forward';
    });
    const requests = [metadata, offsetCommit, heartbeat, offsetCommit];
    const bytes = Buffer.concat(requests);
    client.socket.setNoDelay(true);
    for (let at = 0; at < bytes.length; at += size) {
      client.socket.write(bytes.subarray(at, at + size));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await brokerHas(...requests);
    const answers = [answerTo(7), answerTo(9), answerTo(8)];
    broker.peers[0]?.socket.write(Buffer.concat(answers));
    await clientHas(...answers);
    const group = 'bridge';
    expect(events).toEqual([
      { phase: 'request', group },
      { phase: 'request', group },
      { phase: 'answer', group },
    ]);
  },
);

test('a commit that is held never reaches the broker, while answers to what came before still reach the client', async () => {
  holdOn('request');
  client.socket.write(Buffer.concat([metadata, offsetCommit, heartbeat]));
  await eventually('the commit has come', () => events.length === 1);
  client.socket.write(heartbeat);
  broker.peers[0]?.socket.write(answerTo(7));
  await clientHas(answerTo(7));
  await brokerHas(metadata);
  // What a killed client looks like.
  client.socket.resetAndDestroy();
  await eventually('the broker is told', () => broker.peers[0]?.ended() !== undefined);
  expect(broker.peers[0]?.received()).toEqual(metadata);
});

test('of a commit whose answer is held the broker knows, and the client does not', async () => {
  holdOn('answer');
  client.socket.write(Buffer.concat([metadata, offsetCommit]));
  await brokerHas(metadata, offsetCommit);
  broker.peers[0]?.socket.write(Buffer.concat([answerTo(7), answerTo(8), answerTo(9)]));
  await eventually('the answer has come', () => events.length === 2);
  client.socket.write(heartbeat);
  await brokerHas(metadata, offsetCommit, heartbeat);
  await clientHas(answerTo(7));
});

test('restore resets a connection of which something is held; without a handler commits pass again', async () => {
  holdOn('request');
  client.socket.write(offsetCommit);
  await eventually('the commit has come', () => events.length === 1);
  proxy.onOffsetCommit(undefined);
  proxy.restore();
  await eventually('the client is told', () => client.ended() === 'ECONNRESET');
  const next = await connectTo(proxy.port);
  next.socket.write(offsetCommit);
  await has('broker', () => broker.peers[1], [offsetCommit]);
  next.socket.destroy();
});

function frame(hex: string): Buffer {
  return Buffer.from(hex, 'hex');
}

test('a Produce request that is refused never arrives, and its connection is reset', async () => {
  const produce = frame('0000001600000007000000050007686561647761790000000000');
  const refused: string[] = [];
  proxy.onProduce((bytes) => {
    refused.push(bytes.toString('hex'));
    return 'cut';
  });
  client.socket.write(metadata);
  await brokerHas(metadata);
  client.socket.write(produce);
  await eventually(
    'the connection is reset',
    () => client.ended() === 'ECONNRESET' || String(client.ended()),
  );
  expect(refused).toEqual([produce.toString('hex')]);
  expect(broker.peers[0]?.received()).toEqual(metadata);
});
