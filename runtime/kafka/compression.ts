import { promisify } from 'node:util';
import { unzip } from 'node:zlib';
import { Decompress } from 'fzstd';
import { CompressionCodecs, CompressionTypes } from 'kafkajs';
import { uncompress } from 'snappyjs';
import { decompressLz4Frame } from './lz4';

/**
 * Most bytes that one record batch may unpack to. A batch of some kilobytes can be made to unpack to more memory than there is,
 * and 512 MiB are 16 times the largest batch the local stack takes.
 */
export const UNPACKED_MAX_BYTES = 512 * 1024 * 1024;

/**
 * Teaches kafkajs to read records compressed with snappy, lz4 and zstd; it brings gzip only, and a partition with anything else would
 * stand still. They are not written: asking for it throws. May be called any number of times.
 */
export function registerCompressionCodecs(): void {
  const gzip = (gzipOfKafkajs ??= CompressionCodecs[CompressionTypes.GZIP]() as Codec);
  CompressionCodecs[CompressionTypes.GZIP] = () => ({ ...gzip, decompress: unpackGzip });
  CompressionCodecs[CompressionTypes.Snappy] = () => readOnly('snappy', unpackSnappy);
  CompressionCodecs[CompressionTypes.LZ4] = () => readOnly('lz4', decompressLz4Frame);
  CompressionCodecs[CompressionTypes.ZSTD] = () => readOnly('zstd', unpackZstd);
}

/** What kafkajs asks of a codec. */
export interface Codec {
  compress(encoder: { buffer: Buffer }): Promise<Buffer>;
  decompress(packed: Buffer): Promise<Buffer>;
}

let gzipOfKafkajs: Codec | undefined;
const unpackWithLimit = promisify<Buffer, { maxOutputLength: number }, Buffer>(unzip);

async function unpackGzip(packed: Buffer): Promise<Buffer> {
  return await unpackWithLimit(packed, { maxOutputLength: UNPACKED_MAX_BYTES });
}

function readOnly(name: string, unpack: (packed: Buffer, maxBytes: number) => Buffer): Codec {
  return {
    compress: () => Promise.reject(new Error(`Records cannot be written with ${name}, only read: use gzip`)),
    decompress: (packed) =>
      new Promise((resolve) => {
        resolve(unpack(packed, UNPACKED_MAX_BYTES));
      }),
  };
}

/** What snappy-java, and with it Kafka's Java client, puts before its blocks. https://github.com/xerial/snappy-java#compatibility-notes */
const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
/** The magic bytes, a version and the oldest compatible version, 4 bytes each. */
const XERIAL_HEADER_BYTES = 16;

/** Blocks in the framing of Java clients; or one bare block, as clients based on librdkafka write it. */
function unpackSnappy(packed: Buffer, maxBytes: number): Buffer {
  if (!packed.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC)) return uncompress(packed, maxBytes);
  const blocks: Buffer[] = [];
  let left = maxBytes;
  for (let at = XERIAL_HEADER_BYTES; at < packed.length;) {
    const end = at + 4 + packed.readUInt32BE(at);
    if (end > packed.length) throw new Error('The snappy data ends in the middle of a block');
    const block = uncompress(packed.subarray(at + 4, end), left);
    left -= block.length;
    blocks.push(block);
    at = end;
  }
  return Buffer.concat(blocks);
}

/** As a stream, since the size of the whole is not in the data that Java clients write. */
function unpackZstd(packed: Buffer, maxBytes: number): Buffer {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const stream = new Decompress((chunk) => {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new Error(`The zstd data unpacks to more than ${maxBytes} bytes`);
    chunks.push(chunk);
  });
  stream.push(packed, true);
  return Buffer.concat(chunks, bytes);
}
