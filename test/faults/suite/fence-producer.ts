import { connect } from 'node:net';

const PRODUCE_HEAD_BYTES = 12;
const ANSWER_LIMIT_MS = 10_000;
/** Offsets within a record batch, https://kafka.apache.org/documentation/#recordbatch */
const BATCH = { length: 8, crc: 17, checked: 21, producerEpoch: 51, baseSequence: 53 };

/**
 * Sends a producer's own request once more, as a successor of it with a higher epoch would. Brokers then refuse everything else that
 * producer sends to those partitions: it is fenced. The records appear a second time, with the same bytes.
 *
 * @param frame a whole Produce request, versions 3 to 7 and for one topic, as an idempotent producer sent it
 * @throws Error when the broker takes none of its batches, with its error code, or does not answer within 10 s
 */
export async function fenceProducer(frame: Buffer, broker: { host: string; port: number }): Promise<void> {
  const request = Buffer.from(frame);
  for (const batch of batchesOf(request)) {
    batch.writeInt16BE(batch.readInt16BE(BATCH.producerEpoch) + 1, BATCH.producerEpoch);
    batch.writeInt32BE(0, BATCH.baseSequence);
    batch.writeUInt32BE(crc32c(batch.subarray(BATCH.checked)), BATCH.crc);
  }
  const codes = errorCodesOf(await askOnce(request, broker), request.readInt16BE(6));
  // https://kafka.apache.org/protocol#protocol_error_codes
  if (!codes.includes(0)) throw new Error(`the broker refused the successor with error ${codes.join(', ')}`);
}

/** Sends it on a connection of its own, and waits for the whole answer. */
function askOnce(request: Buffer, broker: { host: string; port: number }): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let answer = Buffer.alloc(0);
    const socket = connect(broker, () => socket.write(request));
    socket.setTimeout(ANSWER_LIMIT_MS, () => socket.destroy(new Error('the broker does not answer')));
    socket.on('data', (chunk) => {
      answer = Buffer.concat([answer, chunk]);
      if (answer.length < 4 || answer.length < 4 + answer.readInt32BE(0)) return;
      resolve(answer);
      socket.destroy();
    });
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the broker closed the connection')));
  });
}

/** One for each partition of the only topic. https://kafka.apache.org/protocol#The_Messages_Produce */
function errorCodesOf(answer: Buffer, version: number): number[] {
  const partitions = behindString(answer, 4 + 4 + 4);
  const partitionBytes = version < 5 ? 4 + 2 + 8 + 8 : 4 + 2 + 8 + 8 + 8;
  return Array.from({ length: answer.readInt32BE(partitions) }, (_, index) =>
    answer.readInt16BE(partitions + 4 + index * partitionBytes + 4),
  );
}

/** The topic a Produce request is for, when it is for one only. */
export function topicOf(frame: Buffer): string {
  const at = behindString(frame, behindString(frame, PRODUCE_HEAD_BYTES)) + 2 + 4 + 4;
  return frame.toString('utf8', at + 2, at + 2 + frame.readInt16BE(at));
}

function batchesOf(frame: Buffer): Buffer[] {
  const batches: Buffer[] = [];
  // Client id, transactional id, acks, timeout.
  let at = behindString(frame, behindString(frame, PRODUCE_HEAD_BYTES)) + 2 + 4;
  const topics = frame.readInt32BE(at);
  at += 4;
  for (let topic = 0; topic < topics; topic++) {
    at = behindString(frame, at);
    const partitions = frame.readInt32BE(at);
    at += 4;
    for (let partition = 0; partition < partitions; partition++) {
      const bytes = frame.readInt32BE(at + 4);
      const batch = frame.subarray(at + 8, at + 8 + bytes);
      batches.push(batch.subarray(0, BATCH.length + 4 + batch.readInt32BE(BATCH.length)));
      at += 8 + bytes;
    }
  }
  return batches;
}

function behindString(frame: Buffer, at: number): number {
  return at + 2 + Math.max(0, frame.readInt16BE(at));
}

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value >>> 0;
});

/** CRC-32C, RFC 3720 appendix B.4. */
function crc32c(bytes: Buffer): number {
  let value = 0xffffffff;
  for (const byte of bytes) value = (table[(value ^ byte) & 0xff] ?? 0) ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}
