/**
 * Unpacks one LZ4 frame: blocks of any size, dependent on each other or not. Checksums are passed over, since the broker has
 * checked them when it took the records. https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md
 *
 * @throws Error when the data is not a whole frame, or unpacks to more than `maxBytes`
 */
export function decompressLz4Frame(packed: Buffer, maxBytes: number): Buffer {
  const { flags, blockMaxBytes, headerBytes } = readHeader(packed);
  const checksumBytes = flags & BLOCK_CHECKSUM ? 4 : 0;
  let out: Buffer = Buffer.allocUnsafe(Math.min(maxBytes, 4 * packed.length + 1_024));
  let length = 0;
  for (let at = headerBytes; ;) {
    if (at + 4 > packed.length) throw cutOff();
    const size = packed.readUInt32LE(at);
    at += 4;
    if (size === 0) return out.subarray(0, length);
    const bytes = size & ~UNCOMPRESSED;
    const block = packed.subarray(at, at + bytes);
    if (block.length < bytes) throw cutOff();
    out = withRoomFor(out, length, blockMaxBytes, maxBytes);
    length = size & UNCOMPRESSED ? copyBlock(block, out, length) : unpackBlock(block, out, length);
    at += bytes + checksumBytes;
  }
}

const MAGIC = 0x184d2204;
const BLOCK_CHECKSUM = 0x10;
const CONTENT_SIZE = 0x08;
const DICTIONARY = 0x01;
/** In the size of a block. */
const UNCOMPRESSED = 0x80000000;

function readHeader(packed: Buffer) {
  if (packed.length < 7 || packed.readUInt32LE(0) !== MAGIC) throw new Error('The data is not an LZ4 frame');
  const flags = packed.readUInt8(4);
  const blockMaxBytes = 1 << (8 + 2 * ((packed.readUInt8(5) >> 4) & 7));
  const headerBytes = 7 + (flags & CONTENT_SIZE ? 8 : 0) + (flags & DICTIONARY ? 4 : 0);
  return { flags, blockMaxBytes, headerBytes };
}

/** `out`, or a larger copy, with room for as many bytes behind `length`, but never larger than `maxBytes`. */
function withRoomFor(out: Buffer, length: number, bytes: number, maxBytes: number): Buffer {
  if (length + bytes <= out.length || out.length === maxBytes) return out;
  const larger = Buffer.allocUnsafe(Math.min(maxBytes, Math.max(length + bytes, 2 * out.length)));
  out.copy(larger, 0, 0, length);
  return larger;
}

function copyBlock(block: Buffer, out: Buffer, to: number): number {
  if (to + block.length > out.length) throw tooLarge();
  return to + block.copy(out, to);
}

/** Sequences of literals and matches, after which `out` ends at the returned position. */
function unpackBlock(block: Buffer, out: Buffer, to: number): number {
  let at = 0;
  const next = (): number => {
    const byte = block[at++];
    if (byte === undefined) throw cutOff();
    return byte;
  };
  const lengthOf = (nibble: number): number => {
    if (nibble < 15) return nibble;
    let length = nibble;
    for (let byte = 255; byte === 255; length += byte) byte = next();
    return length;
  };
  while (at < block.length) {
    const token = next();
    const literals = lengthOf(token >> 4);
    if (at + literals > block.length) throw cutOff();
    if (to + literals > out.length) throw tooLarge();
    to += block.copy(out, to, at, at + literals);
    at += literals;
    // The last sequence has literals only.
    if (at === block.length) break;
    const distance = next() | (next() << 8);
    const matched = lengthOf(token & 15) + 4;
    if (distance === 0 || distance > to) throw new Error('The LZ4 data refers to bytes before its beginning');
    if (to + matched > out.length) throw tooLarge();
    // Byte by byte: a match may reach into what it is just writing.
    for (const end = to + matched; to < end; to++) out[to] = out[to - distance] ?? 0;
  }
  return to;
}

function cutOff(): Error {
  return new Error('The LZ4 data ends in the middle of a block');
}

function tooLarge(): Error {
  return new Error('The LZ4 data unpacks to more than it may');
}
