import fc from 'fast-check';
import type { IHeaders } from 'kafkajs';
import Decoder from 'kafkajs/src/protocol/decoder';
import encodeRecord from 'kafkajs/src/protocol/recordBatch/record/v0';
import decodeRecord from 'kafkajs/src/protocol/recordBatch/record/v0/decoder';
import { repairHeaders, withNullHeaders } from '../../../runtime/kafka/headers';

beforeAll(() => repairHeaders());

/** Through the bytes that Kafka stores. */
const stored = (headers: IHeaders): IHeaders => read(written(headers));

const written = (headers: IHeaders): Buffer =>
  encodeRecord({ key: null, value: null, headers: withNullHeaders(headers) }).buffer;

function read(record: Buffer): IHeaders {
  const bytes = new Decoder(record).readVarIntBytes()!;
  return decodeRecord(new Decoder(bytes), { firstOffset: '0', firstTimestamp: '0' }).headers;
}

const nothing = null as unknown as Buffer;

it('headers come back as they were written, whatever they are called and hold', () => {
  const name = fc.oneof(
    fc.string({ unit: 'binary' }).map((text) => text.toWellFormed()),
    fc.constantFrom(
      '__proto__',
      'constructor',
      'toString',
      'hasOwnProperty',
      '',
      '7',
      '__dlq.errors.message',
    ),
  );
  const value = fc.oneof(fc.uint8Array().map(Buffer.from), fc.constant(nothing));
  const values = fc.oneof(value, fc.array(value, { minLength: 2, maxLength: 4 }));
  fc.assert(
    fc.property(fc.array(fc.tuple(name, values)), (entries) => {
      const headers = Object.fromEntries(entries) as IHeaders;
      expect(Object.entries(stored(headers))).toEqual(Object.entries(headers));
    }),
    { seed: 1 },
  );
});

it('the value of a header may be null, which is not the same as empty', () => {
  expect(stored({ none: nothing, empty: Buffer.alloc(0), both: [nothing, Buffer.alloc(0)] })).toEqual({
    none: null,
    empty: Buffer.alloc(0),
    both: [null, Buffer.alloc(0)],
  });
});

it('a record with 50,000 headers is read in well under the time a heartbeat may take', () => {
  const headers = Object.fromEntries(
    Array.from({ length: 50_000 }, (_, index) => [`h${index}`, Buffer.alloc(1)]),
  );
  const record = written(headers);
  const startedAt = performance.now();
  const back = read(record);
  const tookMs = performance.now() - startedAt;
  expect(Object.keys(back)).toHaveLength(50_000);
  // It takes some 50 to 150 ms, and many minutes where an object is copied for each header.
  expect(tookMs).toBeLessThan(3_000);
});
