import { createServer, type AddressInfo, type Server } from 'node:net';
import { fenceProducer, topicOf } from './fence-producer';

const text = (value: string) => Buffer.concat([int16(value.length), Buffer.from(value)]);
const int16 = (value: number) => Buffer.from([(value >> 8) & 255, value & 255]);
const int32 = (value: number) => Buffer.concat([int16(value >> 16), int16(value)]);
const framed = (...parts: Buffer[]) => {
  const body = Buffer.concat(parts);
  return Buffer.concat([int32(body.length), body]);
};

/** A batch of 61 bytes, epoch 4, base sequence 9. */
const batch = Buffer.alloc(61);
batch.writeInt32BE(batch.length - 12, 8);
batch.writeInt16BE(4, 51);
batch.writeInt32BE(9, 53);

/** Produce, version 7, for two partitions of one topic. */
const partition = (index: number) => Buffer.concat([int32(index), int32(batch.length), batch]);
const produce = framed(
  ...[int16(0), int16(7), int32(5), text('headway'), int16(-1), int16(-1), int32(30_000)],
  ...[int32(1), text('x-jobs-results'), int32(2), partition(0), partition(1)],
);
const answer = (...codes: number[]) =>
  framed(
    ...[int32(5), int32(1), text('x-jobs-results'), int32(codes.length)],
    ...codes.flatMap((code, index) => [int32(index), int16(code), Buffer.alloc(24)]),
    int32(0),
  );

let broker: Server;
let received: Buffer;

afterEach(() => broker.close());

async function fence(reply: Buffer): Promise<void> {
  received = Buffer.alloc(0);
  broker = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < produce.length) return;
      // In two pieces, as it may come.
      socket.write(reply.subarray(0, 7), () => socket.write(reply.subarray(7)));
    });
  });
  await new Promise<void>((resolve) => broker.listen(0, '127.0.0.1', resolve));
  await fenceProducer(produce, { host: '127.0.0.1', port: (broker.address() as AddressInfo).port });
}

test('the request is sent again with a higher epoch, its sequence begun anew', async () => {
  expect(topicOf(produce)).toBe('x-jobs-results');
  await fence(answer(0, 0));
  for (const end of [received.length - batch.length - 8, received.length]) {
    const sent = received.subarray(end - batch.length, end);
    expect([sent.readInt16BE(51), sent.readInt32BE(53)]).toEqual([5, 0]);
  }
});

test('a broker that takes one of the partitions has fenced the producer there', async () => {
  await expect(fence(answer(45, 0))).resolves.toBeUndefined();
});

test('a broker that refuses the successor has fenced nobody, and its error is told', async () => {
  await expect(fence(answer(47, 45))).rejects.toThrow('the broker refused the successor with error 47, 45');
});
