import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv, { type AnySchema } from 'ajv';
import { asyncApiDocument } from '../../contracts/async-api';
import { toDeadLetterHeaders } from '../../contracts/dead-letter';
import { loadConfig } from '../../runtime/config/config';
import { corpus } from '../fixtures/bad-input/corpus';
import { againstDocument, topics } from '../support/async-api';
import { expectGeneratedFile } from '../support/generated-docs';

const root = join(__dirname, '..', '..');

test('docs/reference/asyncapi.json is that of the default topics; UPDATE_DOCS=1 writes it anew', () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const { topics } = loadConfig({}, ['topics']);
  const text = `${JSON.stringify(asyncApiDocument({ topics, version }), undefined, 2)}\n`;
  expectGeneratedFile(join(root, 'docs', 'reference', 'asyncapi.json'), text);
});

test('it is an AsyncAPI 3.0 document by the schema of the specification, in which every reference leads somewhere', () => {
  const schema = JSON.parse(
    readFileSync(require.resolve('@asyncapi/specs/schemas/3.0.0.json'), 'utf8'),
  ) as AnySchema;
  // It brings the schema of schemas along.
  const options = { strict: false, validateFormats: false, meta: false, validateSchema: false };
  const validate = new Ajv(options).compile(schema);
  const document = asyncApiDocument({ topics, version: '1.0.0' });
  void validate(document);
  expect(validate.errors).toBeNull();
  expect(validate({ ...document, channels: { queue: { address: 7 } } })).toBe(false);
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path]) => path!);
  expect(references.length).toBeGreaterThan(20);
  for (const path of references) {
    const found = path
      .split('/')
      .reduce((at: unknown, key) => (at as Record<string, unknown>)[key], document);
    expect([path, typeof found]).toEqual([path, 'object']);
  }
});

test('it admits every job request that the Kafka door takes, and says what is wrong with others', () => {
  const jobs = corpus.filter(({ fate }) => fate === 'job');
  for (const { name, value } of jobs) {
    const request = JSON.parse(String(value).replace(/^\ufeff/, '')) as unknown;
    expect([name, againstDocument('jobRequest', 'payload', request)]).toEqual([name, []]);
  }
  expect(againstDocument('jobRequest', 'payload', { input: {}, priority: 9 })).toHaveLength(2);
  expect(againstDocument('cloudEventStructured', 'payload', { specversion: '1.0', data: {} })).not.toEqual(
    [],
  );
});

test('it describes the headers of dead letters', () => {
  const headers = toDeadLetterHeaders({
    ...{ topic: 't', partition: 3, offset: '7', group: 'g', message: 'm', timestamp: '2026-01-01T00:00:00Z' },
    ...{ class: 'HW_JOB_INVALID', stage: 'bridge' },
  });
  expect(againstDocument('deadLetter', 'headers', headers)).toEqual([]);
  const { '__dlq.errors.class': _, ...without } = headers;
  expect(againstDocument('deadLetter', 'headers', without)).toHaveLength(1);
});

test('a field of a schema takes its description along', () => {
  expect(JSON.stringify(asyncApiDocument({ topics, version: '1' }))).toContain(
    'Name of an installed pipeline.',
  );
});
