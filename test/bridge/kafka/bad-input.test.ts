import fc from 'fast-check';
import { cutPack, type PackCut } from '../../../bridge/kafka/cut-pack';
import type { QueueRecord } from '../../../bridge/kafka/queue-record';
import { readRecord } from '../../../bridge/kafka/read-record';
import { pipelineNamed } from '../../../pipelines/registry';
import { corpus, request } from '../../fixtures/bad-input/corpus';
import { queueRecord } from './support';

const limits = { maxJobs: 50, maxBytes: 524_288 };

/** Pack after pack, as the hand-over goes through a batch. */
function packsOf(records: QueueRecord[]): PackCut[] {
  const packs: PackCut[] = [];
  for (let left = records; left.length > 0;) {
    const cut = cutPack(left, limits, (record) => readRecord(record, pipelineNamed));
    packs.push(cut);
    left = left.filter(({ offset }) => offset > cut.lastOffset);
  }
  return packs;
}

const oddText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.constantFrom(
    '\ud800',
    'a\u0000b',
    '__proto__',
    'x'.repeat(10_000),
    '🚀'.repeat(60),
    '"'.repeat(200),
    ' a',
  ),
);
const oddJson = fc.oneof(fc.jsonValue({ maxDepth: 8 }), oddText, fc.maxSafeInteger(), fc.double());
/** A request in which some fields are odd. */
const oddRequest = fc
  .record(
    {
      id: oddText,
      pipeline: fc.oneof(fc.constant('company-brief'), oddText),
      input: fc.oneof(fc.constant(request().input), oddJson),
      tenant: oddJson,
      priority: oddJson,
      deadline: fc.oneof(fc.date().map(String), oddText),
      metadata: fc.oneof(fc.dictionary(oddText, oddText), oddJson),
    },
    { requiredKeys: [] },
  )
  .map((odd) => JSON.stringify({ ...request(), ...odd }));
const value = fc.oneof(
  { weight: 5, arbitrary: oddRequest.map((text) => Buffer.from(text)) },
  { weight: 2, arbitrary: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)) },
  { weight: 1, arbitrary: oddJson.map((json) => Buffer.from(JSON.stringify(json) ?? '')) },
  { weight: 1, arbitrary: fc.constant(null) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      ...corpus.map((record) => record.value).filter((one) => (one?.length ?? 0) < 100_000),
    ),
  },
);
const header = fc.oneof(
  fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
  fc.constant(null as unknown as Buffer),
);
const headers = fc.dictionary(
  fc.oneof(
    fc.constantFrom('traceparent', 'tracestate', 'constructor', 'content-type', 'ce_specversion', 'ce_id'),
    oddText,
  ),
  fc.oneof(header, fc.array(header, { maxLength: 3 })),
  { maxKeys: 3 },
);
/** Kafka knows no negative zero. */
const timestamp = fc.oneof(fc.nat(), fc.double()).map((number) => number + 0);
const batch = fc
  .array(fc.record({ value, headers, timestamp }), {
    minLength: 1,
    maxLength: 120,
  })
  .map((parts) => parts.map((part, offset) => queueRecord(offset, part)));

// New examples in every run. The report of a failure says which seed repeats it.
it('every record of a batch ends in exactly one place: a job or a dead letter', () => {
  fc.assert(
    fc.property(batch, (records) => {
      const packs = packsOf(records);
      const jobs = packs.flatMap((pack) =>
        pack.jobs.map(({ source }) => ('offset' in source ? source.offset : '')),
      );
      const poison = packs.flatMap((pack) => pack.poison.map(({ record }) => String(record.offset)));
      const byOffset = (a: string, b: string) => Number(a) - Number(b);
      expect([...jobs, ...poison].sort(byOffset)).toEqual(records.map(({ offset }) => String(offset)));
    }),
    { numRuns: 150 },
  );
});

it('a job reads the same after it was written and read again', () => {
  fc.assert(
    fc.property(batch, (records) => {
      for (const { jobs } of packsOf(records)) expect(JSON.parse(JSON.stringify(jobs))).toEqual(jobs);
    }),
    { numRuns: 50 },
  );
});

it('the reason of a dead letter is one short line that names what is at fault', () => {
  const subject = /^(the (record value|record timestamp|job request|job) |[^:]+: )/;
  fc.assert(
    fc.property(batch, (records) => {
      for (const { error } of packsOf(records).flatMap(({ poison }) => poison)) {
        expect(error.message).toMatch(subject);
        expect(error.message.length).toBeLessThanOrEqual(1_100);
        expect(error.message).not.toMatch(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u);
      }
    }),
    { numRuns: 100 },
  );
});

it.each(corpus.map(({ name, ...record }) => [name, record] as const))('%s', (_, { value, headers, fate }) => {
  const [pack] = packsOf([queueRecord(0, { value, headers })]);
  expect(pack?.jobs.length ? 'job' : pack?.poison[0]?.error.code).toBe(fate);
});
