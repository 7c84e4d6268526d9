import { CloudEvent as SdkEvent, Kafka as KafkaBinding } from 'cloudevents';
import fc from 'fast-check';
import type { IHeaders } from 'kafkajs';
import { cloudEventJobId, readCloudEvent } from '../../../bridge/kafka/cloud-event';
import { readRecord } from '../../../bridge/kafka/read-record';
import { HeadwayError } from '../../../contracts/errors';
import { JOB_ID_MAX_BYTES, jobIdSchema } from '../../../contracts/job-request';
import type { PackJob } from '../../../contracts/pack';
import { anything } from '../../support/anything';
import { queueRecord } from './support';

const request = { pipeline: 'anything', input: { a: 1 } };
const attributes = { specversion: '1.0', id: '17', source: '/crm/orders', type: 'com.example.brief' };
const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

interface EventParts {
  /** Attributes to add; undefined leaves one out. */
  more?: Record<string, unknown>;
  data?: unknown;
  headers?: IHeaders;
  contentType?: string;
}

/** Headers as they come out of Kafka: bytes. */
const asBytes = (headers: Record<string, unknown>): IHeaders =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, text]) =>
      typeof text === 'string' ? [[name, Buffer.from(text)]] : [],
    ),
  );

function binary({ more = {}, data = request, headers = {}, contentType = 'application/json' }: EventParts) {
  const prefixed = Object.entries({ ...attributes, ...more }).map(([name, text]) => [`ce_${name}`, text]);
  const all = { 'content-type': contentType, ...(Object.fromEntries(prefixed) as object) };
  return queueRecord(7, { value: JSON.stringify(data), headers: { ...asBytes(all), ...headers } });
}

function structured({ more = {}, data = request, headers = {}, contentType }: EventParts) {
  const type = contentType ?? 'application/cloudevents+json; charset=utf-8';
  const value = JSON.stringify({ ...attributes, ...more, data });
  return queueRecord(7, { value, headers: { ...asBytes({ 'content-type': type }), ...headers } });
}

const modes = [
  ['binary', binary],
  ['structured', structured],
] as const;

const read = (record: ReturnType<typeof binary>): PackJob => readRecord(record, () => anything);

function refusal(record: ReturnType<typeof binary>): string {
  try {
    read(record);
  } catch (error) {
    if (error instanceof HeadwayError) return `${error.code} ${error.message}`;
    throw error;
  }
  throw new Error('was taken');
}

describe.each(modes)('an event in %s content mode', (mode, event) => {
  it('is the job its data asks for, with an id made of source and id, the same wherever it lies', () => {
    const job = read(event({}));
    expect(job).toMatchObject({ ...request, id: '/crm/orders#17', source: { offset: '7' } });
    expect(read({ ...event({}), offset: 99n, timestamp: 5 }).id).toBe(job.id);
  });

  it('has the id of the job request, where that has one', () => {
    expect(read(event({ data: { ...request, id: 'order-17' } })).id).toBe('order-17');
  });

  it('brings its trace, unless the record has one of its own', () => {
    const more = { traceparent, tracestate: 'a=1' };
    expect(read(event({ more }))).toMatchObject({ traceparent, tracestate: 'a=1' });
    const own = traceparent.replace('4bf9', '1111');
    const job = read(event({ more, headers: { traceparent: Buffer.from(own) } }));
    expect([job.traceparent, job.tracestate]).toEqual([own, undefined]);
    expect(read(event({ more: { traceparent: 'none' } })).traceparent).toBeUndefined();
  });

  it('may have other attributes, which are not looked at', () => {
    const more = { time: 'soon', subject: 's', dataschema: 'x', acmeregion: '1' };
    expect(read(event({ more })).id).toBe('/crm/orders#17');
  });

  it.each(['application/json; charset=utf-8', 'Application/JSON', 'application/vnd.acme.job+json'])(
    'may have data of the type %s',
    (type) => {
      const parts = mode === 'binary' ? { contentType: type } : { more: { datacontenttype: type } };
      expect(read(event(parts)).pipeline).toBe('anything');
    },
  );

  it.each(['application/xml', 'text/plain', 'application/jsonp', 'json', 'application/octet-stream'])(
    'may not have data of the type %s',
    (type) => {
      const parts = mode === 'binary' ? { contentType: type } : { more: { datacontenttype: type } };
      const name = mode === 'binary' ? 'content-type' : 'datacontenttype';
      expect(refusal(event(parts))).toBe(
        `HW_CLOUD_EVENT_INVALID ${name}: must be JSON, such as application/json`,
      );
    },
  );

  it.each(['id', 'source', 'type'])('needs %s, which its refusal names as the sender knows it', (name) => {
    const at = mode === 'binary' ? `ce_${name}` : name;
    expect(refusal(event({ more: { [name]: undefined } }))).toBe(`HW_CLOUD_EVENT_INVALID ${at}: is missing`);
    expect(refusal(event({ more: { [name]: '' } }))).toBe(`HW_CLOUD_EVENT_INVALID ${at}: must not be empty`);
  });

  it('is of version 1.0', () => {
    const at = mode === 'binary' ? 'ce_specversion' : 'specversion';
    const problem = `HW_CLOUD_EVENT_INVALID ${at}: must be "1.0"`;
    expect(refusal(event({ more: { specversion: '0.3' } }))).toBe(problem);
    expect(refusal(event({ more: { specversion: undefined } }))).toBe(
      `HW_CLOUD_EVENT_INVALID ${at}: is missing`,
    );
  });

  it('is refused as a plain record is when its data is no job request', () => {
    expect(refusal(event({ data: { input: {} } }))).toMatch(/^HW_JOB_INVALID pipeline: /);
    expect(refusal(event({ data: 'text' }))).toMatch(/^HW_JOB_INVALID the job request: /);
  });
});

describe('structured content mode', () => {
  it.each([
    ['a batch', 'application/cloudevents-batch+json', /^content-type: .* is a batch/],
    [
      'another format',
      'application/cloudevents+avro',
      /^content-type: application\/cloudevents\+avro cannot be read/,
    ],
    ['no format', 'application/cloudevents', /^content-type: application\/cloudevents cannot be read/],
  ])('is not %s', (_, contentType, message) => {
    expect(refusal(structured({ contentType })).replace('HW_CLOUD_EVENT_INVALID ', '')).toMatch(message);
  });

  it.each(['application/cloudevents+json', 'Application/CloudEvents+JSON;charset=UTF-8'])('is %s', (type) => {
    expect(read(structured({ contentType: type })).id).toBe('/crm/orders#17');
  });

  it('has its data as JSON, not as base64', () => {
    const data_base64 = Buffer.from(JSON.stringify(request)).toString('base64');
    expect(refusal(structured({ more: { data_base64 }, data: undefined }))).toMatch(
      /^HW_CLOUD_EVENT_INVALID data_base64: /,
    );
    expect(refusal(structured({ data: null }))).toMatch(/^HW_CLOUD_EVENT_INVALID data: is missing/);
  });

  it('takes null for absent, as the JSON format says', () => {
    const more = { datacontenttype: null, data_base64: null, traceparent: null };
    expect(read(structured({ more })).id).toBe('/crm/orders#17');
    expect(refusal(structured({ more: { id: null } }))).toBe('HW_CLOUD_EVENT_INVALID id: is missing');
  });

  it('has attributes that are texts', () => {
    expect(refusal(structured({ more: { id: 17 } }))).toBe('HW_CLOUD_EVENT_INVALID id: must be a text');
  });

  it.each(['[]', '"text"', 'null', '7'])('is one event, and not %s', (value) => {
    const record = { ...structured({}), value: Buffer.from(value) };
    expect(refusal(record)).toBe('HW_CLOUD_EVENT_INVALID the record value: must be one event, a JSON object');
  });

  it('is refused as a plain record is when its value is no JSON', () => {
    expect(refusal({ ...structured({}), value: null })).toMatch(/^HW_RECORD_EMPTY /);
    expect(refusal({ ...structured({}), value: Buffer.from('{') })).toMatch(/^HW_RECORD_NOT_JSON /);
    expect(refusal({ ...structured({}), value: Buffer.from([0xff]) })).toMatch(/^HW_RECORD_NOT_UTF8 /);
  });
});

describe('binary content mode', () => {
  it('has attributes in UTF-8, so that two ids never become one', () => {
    const headers = { ce_id: Buffer.from([0x61, 0xff]) };
    expect(refusal(binary({ headers }))).toBe('HW_CLOUD_EVENT_INVALID ce_id: is not valid UTF-8');
    expect(read(binary({ more: { id: 'é🚀' } })).id).toBe('/crm/orders#é🚀');
  });

  it('needs no content type', () => {
    const { headers, ...record } = binary({});
    delete headers['content-type'];
    expect(read({ ...record, headers }).id).toBe('/crm/orders#17');
  });

  it('may have headers without a value, which are none', () => {
    const headers = { ce_traceparent: null, ce_subject: null } as never;
    expect(read(binary({ headers })).id).toBe('/crm/orders#17');
    expect(refusal(binary({ headers: { ce_source: null } as never }))).toMatch(/ ce_source: is missing$/);
  });
});

describe('a record without CloudEvents', () => {
  it.each([
    {},
    { 'content-type': Buffer.from('application/json') },
    { 'content-type': Buffer.from('text/plain') },
    { ce_region: Buffer.from('eu'), 'content-type': null as never },
  ])('is none, whatever other headers it has: %j', (headers) => {
    expect(readCloudEvent(queueRecord(0, { value: '{}', headers }))).toBeUndefined();
  });
});

describe('the id of a job whose event gave it none', () => {
  it('is frozen: a redelivered event is recognised by it', () => {
    expect(cloudEventJobId({ source: 'https://acme.example/crm', id: 'a-1' })).toBe(
      'https://acme.example/crm#a-1',
    );
    expect(cloudEventJobId({ source: '/a#b', id: 'c' })).toBe(
      'sha256:98850f738716800280dd16e272f645006baa04ef0a7f20bd3aed365485f22a58',
    );
  });

  const text = fc.oneof(
    fc.string({ minLength: 1, maxLength: 12 }),
    fc.string({ unit: fc.constantFrom('a', '#', ' ', '\u0000', '\ud800', '🚀'), minLength: 1, maxLength: 5 }),
    fc.constantFrom('x'.repeat(300), '/a#b', 'sha256:', '€'.repeat(70)),
  );
  const named = fc.record({ source: text, id: text });

  it('tells events apart whose source and id give the same text', () => {
    const parts = fc.array(fc.constantFrom('a', '#', '/'), { minLength: 4, maxLength: 9 });
    fc.assert(
      fc.property(parts, (all) => {
        const ids = all.slice(1, -1).flatMap((one, at) => {
          const [source, id] = [all.slice(0, at + 1).join(''), all.slice(at + 2).join('')];
          return one === '#' ? [cloudEventJobId({ source, id })] : [];
        });
        expect(new Set(ids).size).toBe(ids.length);
      }),
    );
  });

  it('is always one a job may have, and never that of another event', () => {
    fc.assert(
      fc.property(named, named, (one, other) => {
        const id = cloudEventJobId(one);
        expect(jobIdSchema.parse(id)).toBe(id);
        expect(Buffer.byteLength(id)).toBeLessThanOrEqual(JOB_ID_MAX_BYTES);
        const isSame = one.source === other.source && one.id === other.id;
        expect(cloudEventJobId(other) === id).toBe(isSame);
      }),
    );
  });
});

describe('events of the CloudEvents SDK', () => {
  const event = new SdkEvent({
    ...attributes,
    datacontenttype: 'application/json',
    data: request,
    traceparent,
  });

  it.each(['binary', 'structured'] as const)('are read in %s mode', (mode) => {
    const { value, headers } = KafkaBinding[mode](event);
    const record = queueRecord(7, {
      value: typeof value === 'string' ? value : JSON.stringify(value),
      headers: asBytes(headers),
    });
    expect(read(record)).toMatchObject({ ...request, id: '/crm/orders#17', traceparent });
  });
});

const odd = fc.oneof(
  fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
  fc.string({ unit: 'binary', maxLength: 20 }).map((one) => Buffer.from(one)),
  fc.constantFrom('1.0', '', 'application/json', 'text/xml', traceparent).map((one) => Buffer.from(one)),
  fc.constant(null as unknown as Buffer),
);
const oddHeaders = fc.dictionary(
  fc.constantFrom(
    'content-type',
    'ce_',
    ...Object.keys(attributes).map((name) => `ce_${name}`),
    'ce_traceparent',
  ),
  fc.oneof(odd, fc.array(odd, { maxLength: 2 })),
);
const oddMembers = fc.dictionary(
  fc.constantFrom('data', 'data_base64', 'datacontenttype', 'traceparent', ...Object.keys(attributes)),
  fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.string({ unit: 'binary' }), fc.constant(request)),
);
const oddContentType = fc
  .tuple(
    fc.constant('application/cloudevents'),
    fc.constantFrom('', '+json', '-batch+json', '+x'),
    fc.string(),
  )
  .map(([begin, format, more]) => `${begin}${format};${more}`);

it('whatever an event looks like, it is a job or a HeadwayError of one line', () => {
  const record = fc.oneof(
    fc.tuple(oddHeaders, odd).map(([headers, value]) => ({ ...binary({ headers }), value })),
    oddHeaders.map((headers) => binary({ headers })),
    oddMembers.map((more) => structured({ more })),
    fc.tuple(oddContentType, odd).map(([contentType, value]) => ({ ...structured({ contentType }), value })),
  );
  let jobs = 0;
  fc.assert(
    fc.property(record, (one) => {
      try {
        const job = read(one);
        expect(jobIdSchema.parse(job.id)).toBe(job.id);
        jobs += 1;
      } catch (error) {
        if (!(error instanceof HeadwayError)) throw error;
        expect(error.message).toMatch(/^[^:]+: |^the record value is/);
        expect(error.message).not.toMatch(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u);
      }
    }),
    { numRuns: 1_000 },
  );
  expect(jobs).toBeGreaterThan(0);
});
