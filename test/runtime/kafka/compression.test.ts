import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { CompressionCodecs, CompressionTypes } from 'kafkajs';
import { compress as snappy } from 'snappyjs';
import { registerCompressionCodecs, type Codec } from '../../../runtime/kafka/compression';
import { decompressLz4Frame } from '../../../runtime/kafka/lz4';

beforeAll(() => registerCompressionCodecs());

const codecs = {
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
} as const;

const codec = (name: keyof typeof codecs) => CompressionCodecs[codecs[name]]() as Codec;

const packedByJava = (name: string) =>
  readFileSync(join(__dirname, '..', '..', 'fixtures', 'compression', `plain.${name}`));

/** What the files in test/fixtures/compression hold. */
function plainText(): Buffer {
  let text = '';
  for (let line = 0; text.length < 100_000; line++) {
    text += `{"job":${line},"square":${(line * line * 7919) % 100003},"name":"café ${(line * 31337) % 997}"}\n`;
  }
  return Buffer.from(text).subarray(0, 100_000);
}

it.each(Object.keys(codecs) as (keyof typeof codecs)[])(
  'unpacks what a Java client packed with %s',
  async (name) => {
    expect((await codec(name).decompress(packedByJava(name))).equals(plainText())).toBe(true);
  },
);

it('unpacks a snappy block without the framing of Java clients', async () => {
  expect((await codec('snappy').decompress(snappy(plainText()))).equals(plainText())).toBe(true);
});

it('still writes gzip, and says that it cannot write the others', async () => {
  const packed = await codec('gzip').compress({ buffer: plainText() });
  expect((await codec('gzip').decompress(packed)).equals(plainText())).toBe(true);
  for (const name of ['snappy', 'lz4', 'zstd'] as const) {
    await expect(codec(name).compress({ buffer: plainText() })).rejects.toThrow(`with ${name}, only read`);
  }
});

it.each(['snappy', 'lz4', 'zstd'] as const)('damaged %s data is an error, and never a hang', async (name) => {
  const packed = packedByJava(name);
  await fc.assert(
    fc.asyncProperty(fc.nat(packed.length - 1), fc.nat(255), fc.boolean(), async (at, byte, cut) => {
      const damaged = cut ? packed.subarray(0, at) : Buffer.from(packed);
      if (!cut) damaged[at] = byte;
      const unpacked: unknown = await codec(name)
        .decompress(damaged)
        .catch((error: unknown) => error);
      expect(Buffer.isBuffer(unpacked) || unpacked instanceof Error).toBe(true);
    }),
    { numRuns: 200, seed: 1 },
  );
});

describe('LZ4 frames of other clients', () => {
  const plain = Buffer.from('abcabcabcabcabcabcabc');
  /** 3 literals, then a match of 18 bytes 3 bytes back. */
  const block = Buffer.from([0x3e, 0x61, 0x62, 0x63, 3, 0]);
  const frame = (flags: number, extra: number[], after: number[]) =>
    Buffer.from([
      ...[4, 0x22, 0x4d, 0x18, flags, 0x40, ...extra, 0],
      ...[block.length, 0, 0, 0, ...block, ...after],
      ...[0, 0, 0, 0],
    ]);

  it.each([
    ['neither checksums nor size', frame(0x60, [], [])],
    ['a checksum for each block', frame(0x70, [], [1, 2, 3, 4])],
    ['the size of the content', frame(0x68, [plain.length, 0, 0, 0, 0, 0, 0, 0], [])],
  ])('with %s', (_what, packed) => {
    expect(decompressLz4Frame(packed, 1_000).toString()).toBe(plain.toString());
  });

  it('stop at the limit', () => {
    expect(() => decompressLz4Frame(frame(0x60, [], []), plain.length - 1)).toThrow('more than it may');
    expect(decompressLz4Frame(frame(0x60, [], []), plain.length).length).toBe(plain.length);
  });
});
