import { saidInRecord } from '../../../bridge/kafka/said-in-record';

const request = { id: 'order-17', pipeline: 'brief', input: {} };
const ce = { ce_specversion: '1.0', ce_id: '1', ce_source: '/a', ce_type: 't' };
const structured = { 'content-type': 'application/cloudevents+json' };
const said = (json: unknown, headers = {}) =>
  saidInRecord({ value: Buffer.from(JSON.stringify(json)), headers });

test('a job request says its id and its pipeline, by itself and as the data of an event', () => {
  const expected = { jobId: 'order-17', pipeline: 'brief' };
  expect(said(request)).toEqual(expected);
  expect(said(request, ce)).toEqual(expected);
  const attributes = { specversion: '1.0', id: '1', source: '/a', type: 't' };
  expect(said({ ...attributes, data: request }, structured)).toEqual(expected);
});

test('an event says the id its job gets where the request has none', () => {
  expect(said({ pipeline: 'brief' }, ce).jobId).toBe('/a#1');
  expect(said({ pipeline: 'brief' }).jobId).toBeUndefined();
});

test('what is no request says nothing', () => {
  for (const value of ['{', 'null', '7', '{"id":7}']) {
    expect(saidInRecord({ value: Buffer.from(value) })).toEqual({});
  }
  expect(saidInRecord({ value: null })).toEqual({});
  expect(said(request, { ce_id: '1' })).toEqual({});
});
