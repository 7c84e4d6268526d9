import { readRecord } from '../../../../bridge/kafka/read-record';
import { ownHeaders, pipelineOf, readDeadLetter } from '../../../../bridge/kafka/redrive/dead-letter';
import { createLetterFilter } from '../../../../bridge/kafka/redrive/filter';
import { Markers, markerKey, markerValue } from '../../../../bridge/kafka/redrive/markers';
import { planMove, type Move, type PlanOptions } from '../../../../bridge/kafka/redrive/plan';
import { deadLetterHeaders, redriveHeaders } from '../../../../contracts/headers';
import { anything } from '../../../support/anything';
import { queueRecord } from '../support';
import { letterRecord, type LetterFacts } from './letters';

const topic = 'jobs';
const letter = (facts: Partial<LetterFacts> = {}, timestamp?: number) =>
  readDeadLetter(2, letterRecord({ topic, ...facts }, timestamp));

function plan(facts: Partial<LetterFacts> = {}, options: Partial<PlanOptions> = {}) {
  return planMove(letter(facts), {
    topics: { queue: topic, parking: 'parked' },
    queuePartitions: 4,
    maxBytes: { queue: 10_000, parking: 10_000 },
    maxRedrives: 3,
    sent: new Markers(),
    ...options,
  });
}

test('a letter goes back as the record it was, to the partition it was in, with a count', () => {
  const headers = { traceparent: 'a', twice: ['x', 'y'], empty: Buffer.alloc(0) };
  const { record, to } = plan({ key: 'k', value: Buffer.from([0xff, 0, 1]), headers, partition: 3 }) as Move;
  expect(to).toBe('queue');
  expect(record.key).toEqual(Buffer.from('k'));
  expect(record.value).toEqual(Buffer.from([0xff, 0, 1]));
  expect(record.partition).toBe(3);
  expect(record.headers).toEqual({ ...headers, [redriveHeaders.count]: '1' });
});

test('a CloudEvent goes back as the event it was, and is the same job then', () => {
  const ce = { ce_specversion: '1.0', ce_id: '17', ce_source: '/crm', ce_type: 'brief' };
  const { record } = plan({ value: '{"pipeline":"anything","input":{}}', headers: ce }) as Move;
  const again = queueRecord(99, record);
  expect(readRecord(again, () => anything).id).toBe('/crm#17');
});

test('a header that the record itself had under one of our names stays', () => {
  const { headers } = letter();
  const name = deadLetterHeaders.topic;
  const own = headers[name];
  expect(ownHeaders({ ...headers, [name]: ['theirs', own as string] })).toEqual({ [name]: 'theirs' });
  expect(ownHeaders({ ...headers, [name]: ['1', '2', own as string] })).toEqual({ [name]: ['1', '2'] });
});

test('a header may have any name', () => {
  const own = Object.fromEntries(['__proto__', 'constructor'].map((name) => [name, 'theirs']));
  expect(Object.entries(ownHeaders(own))).toEqual(Object.entries(own));
});

test('a partition that the topic has no longer is left to the key', () => {
  expect((plan({ partition: 9 }) as Move).record.partition).toBeUndefined();
});

test('a letter that was sent back too often is parked with its reason; a count nobody of ours wrote is none', () => {
  expect((plan({ redrives: 2 }) as Move).record.headers[redriveHeaders.count]).toBe('3');
  const parked = plan({ redrives: 3 }) as Move;
  expect(parked).toMatchObject({ to: 'parking', topic: 'parked' });
  expect(parked.record.headers).toHaveProperty([deadLetterHeaders.class], 'HW_RECORD_NOT_JSON');
  expect(plan({ headers: { [redriveHeaders.count]: '-1' } })).toMatchObject({ to: 'queue' });
  expect(plan({ headers: { [redriveHeaders.count]: '99999999999' } })).toMatchObject({ to: 'queue' });
});

test('what cannot go is kept, and why', () => {
  expect(plan({ topic: 'other' })).toBe('otherTopic');
  expect(plan({ value: null, code: 'HW_JOB_INVALID' })).toBe('withoutValue');
  expect(plan({ value: null, code: 'HW_RECORD_EMPTY' })).toMatchObject({ to: 'queue' });
  expect(plan({ value: 'x'.repeat(10_000) })).toBe('tooLarge');
});

test('a record that was sent is not sent again', () => {
  const sent = new Markers();
  sent.add(markerKey(letter()));
  expect(plan({}, { sent })).toBe('alreadySent');
  // At its place in a queue topic that was deleted and made again, there is another record.
  for (const other of [{ offset: 8 }, { partition: 1 }, { value: 'other' }, { key: 'k' }]) {
    expect(plan(other, { sent })).toMatchObject({ to: 'queue' });
  }
});

test('a redrive that sends records again, and goes on after it was interrupted, sends those that it had sent no more', () => {
  const [old, now] = [letter({ offset: 1 }), letter({ offset: 2 })];
  const note = (of: typeof old, at: string) => ({
    key: Buffer.from(markerKey(of)),
    value: Buffer.from(markerValue(topic, new Date(at))),
  });
  const began = '2026-01-02T08:00:00.000Z';
  const sentSince = (since: number) => {
    const sent = new Markers();
    sent.read(note(old, '2026-01-01T08:00:00.000Z'), since);
    sent.read(note(now, '2026-01-01T08:00:00.000Z'), since);
    sent.read(note(now, began), since);
    return [old, now].map((one) => sent.has(one));
  };
  expect(sentSince(-Infinity)).toEqual([true, true]);
  expect(sentSince(Date.parse(began))).toEqual([false, true]);
  expect(sentSince(Infinity)).toEqual([false, false]);
});

test('a note that does not say when a record was sent counts, unless records are sent again', () => {
  for (const value of [null, Buffer.from('?'), Buffer.from('null'), Buffer.from('{"at":"soon"}')]) {
    const sent = new Markers();
    sent.read({ key: Buffer.from(markerKey(letter())), value }, 0);
    expect(sent.has(letter())).toBe(false);
    sent.read({ key: Buffer.from(markerKey(letter())), value }, -Infinity);
    expect(sent.has(letter())).toBe(true);
  }
});

test('a record that has two letters, from a crash of the bridge, is sent once', () => {
  const sent = new Markers();
  expect(plan({}, { sent })).toMatchObject({ to: 'queue' });
  expect(plan({}, { sent })).toBe('alreadySent');
  expect(markerKey(letter({}, 1))).toBe(markerKey(letter({}, 2)));
});

describe('filters', () => {
  const all = { codes: [], pipelines: [] };
  const value = JSON.stringify({ pipeline: 'brief', input: {} });

  test('by code and by time', () => {
    const one = letter({ code: 'HW_JOB_INVALID' }, 1_000);
    expect(createLetterFilter(all)(one)).toBe(true);
    expect(createLetterFilter({ ...all, codes: ['HW_JOB_INVALID', 'HW_RECORD_EMPTY'] })(one)).toBe(true);
    expect(createLetterFilter({ ...all, codes: ['HW_RECORD_EMPTY'] })(one)).toBe(false);
    expect(createLetterFilter({ ...all, since: 1_000, until: 1_001 })(one)).toBe(true);
    expect(createLetterFilter({ ...all, since: 1_001 })(one)).toBe(false);
    expect(createLetterFilter({ ...all, until: 1_000 })(one)).toBe(false);
  });

  test('by pipeline, which a value that is no JSON object does not say', () => {
    const filter = createLetterFilter({ ...all, pipelines: ['brief'] });
    expect(filter(letter({ value }))).toBe(true);
    for (const other of ['not json', 'null', '"brief"', '{"pipeline":7}', '{"pipeline":"other"}', null]) {
      expect(filter(letter({ value: other }))).toBe(false);
    }
    expect(pipelineOf({ value: Buffer.from(value), headers: {} })).toBe('brief');
  });
});
