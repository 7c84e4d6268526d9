import { z } from 'zod';
import { cutPack } from '../../../bridge/kafka/cut-pack';
import { readRecord } from '../../../bridge/kafka/read-record';
import { HeadwayError } from '../../../contracts/errors';
import { jobLimits } from '../../../contracts/limits';
import { packJobSchema } from '../../../contracts/pack';
import { definePipeline, type Pipeline } from '../../../pipelines/define-pipeline';
import { pipelineNamed as installed } from '../../../pipelines/registry';
import { anything } from '../../support/anything';
import { queueRecord, type RecordParts } from './support';

const strict = definePipeline({
  ...anything,
  name: 'strict',
  request: z.strictObject({ company: z.string(), size: z.number().optional() }),
});

const secret = definePipeline({
  ...anything,
  name: 'secret',
  request: z.strictObject({
    who: z.string().superRefine((who, { addIssue }) => addIssue(`${who} is unknown`)),
    people: z.record(z.string(), z.number()).optional(),
    visits: z.array(z.object({ day: z.string() })).optional(),
  }),
  policy: { confidential: true },
});

const throwing = definePipeline({
  ...anything,
  name: 'throwing',
  request: z.object({ size: z.number().refine((size) => '-'.repeat(size) !== '') }),
});

function pipelineNamed(name: string): Pipeline {
  if (name === 'anything') return anything;
  if (name === 'secret') return secret;
  if (name === 'throwing') return throwing;
  return name === 'strict' ? strict : installed(name);
}

const read = (value: RecordParts['value'], parts: RecordParts = {}) =>
  readRecord(queueRecord(7, { ...parts, value }), pipelineNamed);
const readJson = (request: object, parts?: RecordParts) => read(JSON.stringify(request), parts);

function refusal(value: RecordParts['value']): HeadwayError {
  try {
    read(value);
  } catch (error) {
    if (error instanceof HeadwayError) return error;
    throw error;
  }
  throw new Error('was taken');
}

const request = (more: object = {}) => ({ pipeline: 'anything', input: { a: 1 }, ...more });

it.each([{}, { priority: 9 }])(
  'what is wrong with a confidential input is said without a word of it, also with %j',
  (more) => {
    const { message } = refusal(
      JSON.stringify(
        request({
          pipeline: 'secret',
          input: { who: 'Alice', Bob: 1, people: { Carol: 'ill' }, visits: [{ day: 1 }] },
          ...more,
        }),
      ),
    );
    expect(message).toContain('input.who');
    expect(message).toContain('input.people');
    expect(message).toContain('input.visits.0.day');
    expect(message).not.toMatch(/Alice|Bob|Carol/);
  },
);

describe('keys and values of the sender are not repeated', () => {
  const big = '12345678901234567891';
  const ofSecret = (more: string) => `{"pipeline":"secret","input":{"who":"Alice","Bob":{"n":1}},${more}}`;

  it.each([
    [
      'a text that is not JSON',
      '{"pipeline":"secret","input":{"who":"Alice",Bob}}',
      /Expected .* position 44/,
    ],
    ['a text that is no value', 'Bob', /Unexpected token 'B'/],
    ['an unknown field', ofSecret('"Bob":1'), /^the job request: has a key/],
    ['metadata', ofSecret('"metadata":{"Bob":7}'), /^metadata: /],
    [
      'a number',
      `{"pipeline":"secret","input":{"visits":[{"day":${big},"Bob":1}]}}`,
      /^input\.visits\.0\.day: is a num/,
    ],
    ['a number of its own', `{"pipeline":"secret","input":{"Bob":{"Carol":${big}}}}`, /^input: is a number/],
    ['a number elsewhere', `{"pipeline":"secret","input":{},"Bob":${big}}`, /^the job request: is a number/],
    ['a pipeline that is not here', `{"pipeline":"other","input":{"Bob":${big}}}`, /^input: is a number/],
    ['no pipeline', '{"input":{},"metadata":{"Bob":7}}', /^pipeline: .*; metadata: /],
  ])('of a confidential record: %s', (_, value, told) => {
    const { message } = refusal(value);
    expect(message).toMatch(told);
    expect(message).not.toMatch(/Alice|Bob|Carol|oB/);
  });

  it('in a CloudEvent', () => {
    const data = `{"pipeline":"secret","input":{"visits":[{"day":${big}}],"Bob":1}}`;
    const event = `{"specversion":"1.0","id":"1","source":"s","type":"t","data":${data}}`;
    const headers = { 'content-type': 'application/cloudevents+json' };
    expect(() => read(event, { headers })).toThrow(/^data\.input\.visits\.0\.day: is a number/);
    expect(() => read(event.replace(/"day":\d+/, `"Bob":${big}`), { headers })).toThrow(
      /^data\.input\.visits\.0: is a number/,
    );
  });

  it('though those of other records are', () => {
    expect(refusal(`{"pipeline":"anything","input":{"Bob":${big}}}`).message).toMatch(/^input\.Bob: /);
    expect(refusal('{"pipeline":"anything","input":{},"metadata":{"Bob":7}}').message).toMatch(
      /^metadata\.Bob: /,
    );
  });
});

it.each([{}, { priority: 9 }])(
  'an input over which the schema of its pipeline throws is refused as any other, also with %j',
  (more) => {
    const record = request({ pipeline: 'throwing', input: { size: -1 }, ...more });
    const { code, message } = refusal(JSON.stringify(record));
    expect(code).toBe('HW_JOB_INVALID');
    expect(message).toContain('input: cannot be checked: Invalid count value: -1');
    expect(message).not.toContain('pipeline:');
  },
);

describe('what other clients may write', () => {
  it('is a timestamp that is no time in milliseconds, such as one in nanoseconds', () => {
    const nanoseconds = () => read(JSON.stringify(request()), { timestamp: 1.7e18 });
    expect(nanoseconds).toThrow(/timestamp/);
  });

  it('is a header without a value', () => {
    const headers = { traceparent: null } as never;
    expect(read(JSON.stringify(request()), { headers }).traceparent).toBeUndefined();
  });

  it('is an id of the form that packs have, which would stand in the way of a pack', () => {
    const { topic } = queueRecord(0);
    expect(() => readJson(request({ id: `${topic}-0-100-1700000000000` }))).toThrow(/^id: /);
  });
});

describe('a record that is a job', () => {
  it('becomes one, with everything its sender said', () => {
    const said = {
      ...request(),
      id: 'order-17',
      tenant: 'acme',
      priority: 1,
      deadline: '2026-03-01T12:00:00Z',
      metadata: { ticket: '4711' },
    };
    const job = readJson(said);
    expect(job).toMatchObject(said);
    expect(packJobSchema.parse(job)).toEqual(job);
  });

  it('knows where it came from', () => {
    const source = { door: 'kafka', topic: 'x-jobs-queue', partition: 3, offset: '7', timestamp: 99 };
    expect(readJson(request(), { partition: 3, timestamp: 99 }).source).toEqual(source);
  });

  it('gets an id from its coordinates when the sender gave none: the same one every time', () => {
    const once = readJson(request(), { partition: 3, timestamp: 99 });
    expect(once.id).toBe('x-jobs-queue:3:7:99');
    expect(readJson(request(), { partition: 3, timestamp: 99 })).toEqual(once);
  });

  it('keeps an offset beyond 2^53 exact', () => {
    const record = queueRecord(9_223_372_036_854_775_807n, {
      timestamp: 1,
      value: JSON.stringify(request()),
    });
    const job = readRecord(record, pipelineNamed);
    expect(job.id).toBe('x-jobs-queue:0:9223372036854775807:1');
    expect(job.source).toMatchObject({ offset: '9223372036854775807' });
  });

  it('carries the trace of its headers, as bytes or as text, and of a repeated one the first', () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const headers = { traceparent: Buffer.from(traceparent), tracestate: ['a=1', Buffer.from('b=2')] };
    expect(readJson(request(), { headers })).toMatchObject({ traceparent, tracestate: 'a=1' });
    const without = readJson(request());
    expect([without.traceparent, without.tracestate]).toEqual([undefined, undefined]);
  });

  it.each([Buffer.from('a=\r\nb'), Buffer.from([0xff]), '', 'é', 'x'.repeat(513)])(
    'goes on without a trace state that could not be sent on: %j',
    (tracestate) => {
      const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
      const job = readJson(request(), { headers: { traceparent, tracestate } });
      expect([job.traceparent, job.tracestate || undefined]).toEqual([traceparent, undefined]);
    },
  );

  it.each([0, -0.5, 1e20, 5e-324, 0.1 + 0.2, Number.MAX_SAFE_INTEGER])('keeps the number %d', (n) => {
    expect(readJson(request({ input: { n } })).input).toEqual({ n });
  });

  it('may be nested a hundred levels deep', () => {
    const deep = `{"pipeline":"anything","input":{"deep":${'['.repeat(100)}${']'.repeat(100)}}}`;
    expect(JSON.stringify(read(deep).input)).toBe(`{"deep":${'['.repeat(100)}${']'.repeat(100)}}`);
  });

  it('may begin with a byte order mark, and have white space around', () => {
    expect(read(`\ufeff \n${JSON.stringify(request())}\n`).input).toEqual({ a: 1 });
  });

  it('may hold any text', () => {
    const input = { text: 'Zürich 漢字 🚀 \u2028 "\\"', '🔑/.~': null, constructor: 1 };
    expect(readJson(request({ input })).input).toEqual(input);
  });
});

describe('a record that can never be a job', () => {
  it.each<[string, RecordParts['value'], string, RegExp]>([
    ['a tombstone', null, 'HW_RECORD_EMPTY', /null/],
    ['an empty value', '', 'HW_RECORD_EMPTY', /empty/],
    ['text that is not UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 'HW_RECORD_NOT_UTF8', /UTF-8/],
    ['UTF-16', Buffer.from('\ufeff{}', 'utf16le'), 'HW_RECORD_NOT_UTF8', /UTF-8/],
    ['a surrogate as UTF-8', Buffer.from('22eda08022', 'hex'), 'HW_RECORD_NOT_UTF8', /UTF-8/],
    ['white space', '  \n', 'HW_RECORD_NOT_JSON', /not JSON/],
    ['half of a job', '{"pipeline":"anything","inp', 'HW_RECORD_NOT_JSON', /not JSON/],
    ['two jobs', '{}{}', 'HW_RECORD_NOT_JSON', /not JSON/],
    ['NaN', '{"pipeline":"anything","input":{"n":NaN}}', 'HW_RECORD_NOT_JSON', /not JSON/],
    ['Avro behind a magic byte', Buffer.from([0, 0, 0, 0, 1, 2]), 'HW_RECORD_NOT_JSON', /not JSON/],
    ['null', 'null', 'HW_JOB_INVALID', /^the job request: /],
    ['a list of jobs', '[{"pipeline":"anything","input":{}}]', 'HW_JOB_INVALID', /^the job request: /],
    ['a job without pipeline', '{"input":{}}', 'HW_JOB_INVALID', /^pipeline: /],
    ['an unknown field', '{"pipeline":"anything","input":{},"x":1}', 'HW_JOB_INVALID', /"x"/],
    [
      'wrong, and its input too',
      '{"pipeline":"strict","input":{"company":7},"priority":9}',
      'HW_JOB_INVALID',
      /^priority: .*; input\.company: /,
    ],
    [
      'wrong, and of a pipeline nobody installed',
      '{"pipeline":"brief","input":{},"priority":9}',
      'HW_JOB_INVALID',
      /^priority: .*; pipeline: "brief" is not installed/,
    ],
    ['a bad input', '{"pipeline":"strict","input":{"company":7}}', 'HW_JOB_INVALID', /^input\.company: /],
    [
      'an unknown field of the input',
      '{"pipeline":"strict","input":{"company":"a","b":1}}',
      'HW_JOB_INVALID',
      /^input: .*"b"/,
    ],
    [
      'a pipeline nobody installed',
      '{"pipeline":"brief","input":{}}',
      'HW_PIPELINE_UNKNOWN',
      /"brief".*company-brief/,
    ],
    ['a pipeline of JavaScript', '{"pipeline":"__proto__","input":{}}', 'HW_PIPELINE_UNKNOWN', /"__proto__"/],
  ])('is refused when it is %s', (_, value, code, message) => {
    const error = refusal(value);
    expect(error).toMatchObject({ code });
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain('\n');
  });

  it.each([
    ['a whole number beyond 2^53', '9007199254740993', 'is a number that cannot be kept exactly'],
    ['a number beyond all bounds', '-1e999', 'is a number that cannot be kept exactly'],
    ['a key that schemas drop', '{"__proto__":{"admin":true}}', '__proto__: is a key that cannot be kept'],
  ])('is one that would be changed on its way: it holds %s', (_, json, problem) => {
    const error = refusal(`{"pipeline":"anything","input":{"list":["\\"1e999",${json}]}}`);
    expect(error).toMatchObject({ code: 'HW_JOB_INVALID' });
    expect(error.message).toMatch(/^input\.list\.1/);
    expect(error.message).toContain(problem);
  });

  it('is named by its field behind a byte order mark too', () => {
    const error = refusal('\ufeff{"pipeline":"anything","input":{"n":12345678901234567890}}');
    expect(error.message).toContain('input.n: is a number that cannot be kept exactly');
  });

  it.each([
    '9007199254740992',
    '18446744073709552000',
    '1e300',
    '0.10000000000000000555',
    '"9007199254740993"',
    '-0.5e-7',
  ])('is not one with the number %s', (json) => {
    expect(read(`{"pipeline":"anything","input":{"n":${json}}}`).input).toEqual({ n: JSON.parse(json) });
  });

  it('is one nested so deep that it could be read but not written again', () => {
    const deep = (count: number) =>
      `{"pipeline":"anything","input":{"deep":${'['.repeat(count)}${']'.repeat(count)}}}`;
    expect(refusal(deep(4_000)).message).toMatch(
      /^the job request: is nested deeper than 200 levels at character \d+$/,
    );
    expect(read(`{"pipeline":"anything","input":{"text":"${'['.repeat(300)}\\""}}`).pipeline).toBe(
      'anything',
    );
    expect(read(deep(198)).pipeline).toBe('anything');
  });

  it('is one nested a million times, which takes no longer than another of its size', () => {
    const startedAt = performance.now();
    expect(refusal('['.repeat(1_000_000)).code).toBe('HW_JOB_INVALID');
    expect(performance.now() - startedAt).toBeLessThan(200);
  });

  it('is one that is larger than a workflow can carry', () => {
    const sized = (bytes: number) => JSON.stringify(request({ input: { text: 'x'.repeat(bytes) } }));
    expect(refusal(sized(524_288))).toMatchObject({ code: 'HW_RECORD_TOO_LARGE' });
    expect(refusal(sized(524_288)).message).toMatch(/has 52\d{4} bytes; at most 524288/);
    expect(read(sized(520_000)).pipeline).toBe('anything');
  });

  it('may have 20 MB with a payload store; the reason for a smaller limit names the variable to set', () => {
    const value = JSON.stringify(request({ input: { text: 'x'.repeat(20_000_000) } }));
    const { input } = readRecord(queueRecord(0, { value }), pipelineNamed, jobLimits(true));
    expect(input.text).toHaveLength(20_000_000);
    expect(refusal(value).message).toMatch(/at most 524288 are possible without PAYLOAD_STORE/);
  });

  it('is one that is nested beyond reason: put aside, and the next one read', () => {
    const deep = `{"pipeline":"anything","input":{"deep":${'['.repeat(200_000)}${']'.repeat(200_000)}}}`;
    const records = [queueRecord(0, { value: deep }), queueRecord(1, { value: JSON.stringify(request()) })];
    const cut = cutPack(records, { maxJobs: 50, maxBytes: 524_288 }, (one) => readRecord(one, pipelineNamed));
    expect(cut.poison).toHaveLength(1);
    expect(cut.jobs).toHaveLength(1);
  });
});

test('the name of an unknown pipeline is told in whole characters, however it is written', () => {
  const { code, message } = refusal('{"pipeline":"\\ud800\\u0007","input":{}}');
  expect(code).toBe('HW_PIPELINE_UNKNOWN');
  expect(message).toMatch(/^pipeline: "\ufffd " is not installed/);
  expect(message).not.toMatch(/[\p{Cc}\p{Cs}]/u);
});
