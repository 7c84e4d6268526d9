import Ajv from 'ajv';
import OpenAI from 'openai';
import { zodTextFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import { generateFromSchema } from '../../../stack/llm-simulator/generate-from-schema';
import type { JsonSchema } from '../../../stack/llm-simulator/json-schema';
import { createRandom } from '../../../stack/llm-simulator/random';
import { createSources } from '../../../stack/llm-simulator/sources';
import { createWriter } from '../../../stack/llm-simulator/writer';
import { openSimulator, rejectionOf } from './support';

const object = (properties: Record<string, unknown>, rest = {}) => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
  ...rest,
});
const array = (items: unknown, rest = {}) => ({ type: 'array', items, ...rest });
const string = { type: 'string' };
const category = z.object({
  name: z.string(),
  get children() {
    return z.array(category);
  },
});
const fromZod = z.object({
  id: z.uuid(),
  mail: z.email(),
  born: z.iso.date(),
  seen: z.iso.datetime(),
  code: z.string().regex(/^[A-Z]{2}-\d{3,5}(?:\/[a-f]+)?$/),
  amount: z.number().gt(3).lt(4).multipleOf(0.1),
  note: z.string().min(300).max(320).nullable(),
  shape: z.union([
    z.object({ kind: z.literal('circle'), r: z.number() }),
    z.object({ kind: z.literal('dot') }),
  ]),
});

const schemas: Record<string, unknown> = {
  'a company brief': object({
    summary: string,
    facts: array(object({ statement: string, sources: array(string, { maxItems: 5 }) }), { maxItems: 20 }),
    confidence: { type: 'number', minimum: 0, maximum: 1 },
  }),
  'enum and const': object({ level: { enum: ['low', 'high'] }, version: { const: 3 }, mixed: { enum: [1, 'a', null] } }),
  'nullable types': object({ a: { type: ['string', 'null'] }, b: { type: ['null', 'integer'] }, c: { type: 'null' } }),
  'anyOf with null': object({ a: { anyOf: [object({ x: string }), { type: 'null' }] } }),
  'oneOf by discriminator': object({ a: { oneOf: [object({ t: { const: 'a' } }), object({ t: { const: 'b' }, n: { type: 'integer' } })] } }),
  'allOf of two objects': {
    allOf: [
      { type: 'object', properties: { a: string }, required: ['a'] },
      { type: 'object', properties: { b: { type: 'number' } }, required: ['b'] },
    ],
  },
  'integers in all kinds of bounds': object({
    small: { type: 'integer', minimum: 2, maximum: 3 },
    negative: { type: 'integer', minimum: -9, maximum: -7 },
    open: { type: 'integer', exclusiveMinimum: 10, exclusiveMaximum: 12 },
    huge: { type: 'integer', minimum: 1e9 },
    below: { type: 'integer', maximum: -1e9 },
    even: { type: 'integer', multipleOf: 2 },
    year: { type: 'integer', minimum: 1900, maximum: 1950 },
  }),
  'numbers in narrow bounds': object({
    score: { type: 'number', minimum: 0.1234, maximum: 0.1235 },
    exact: { type: 'number', minimum: 7, maximum: 7 },
    between: { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 0.001 },
    tenth: { type: 'number', multipleOf: 0.1, minimum: 0, maximum: 1 },
    quarter: { type: 'number', multipleOf: 0.25, minimum: -1, maximum: 1 },
  }),
  'lengths of text': object({
    short: { type: 'string', maxLength: 5 },
    exact: { type: 'string', minLength: 40, maxLength: 40 },
    long: { type: 'string', minLength: 700 },
    url: { type: 'string', maxLength: 8 },
    empty: { type: 'string', maxLength: 0 },
  }),
  'lengths of lists': object({
    none: array(string, { maxItems: 0 }),
    many: array({ type: 'integer' }, { minItems: 12 }),
    exact: array(string, { minItems: 2, maxItems: 2 }),
    unique: array({ enum: ['a', 'b', 'c'] }, { uniqueItems: true, minItems: 3 }),
  }),
  'formats': object({
    page: { type: 'string', format: 'uri' },
    mail: { type: 'string', format: 'email' },
    day: { type: 'string', format: 'date' },
    moment: { type: 'string', format: 'date-time' },
    id: { type: 'string', format: 'uuid' },
    ip: { type: 'string', format: 'ipv4' },
  }),
  'patterns': object({
    code: { type: 'string', pattern: '^[A-Z]{3}-[0-9]{4}$' },
    choice: { type: 'string', pattern: '^(red|green|blue)[.!]?$' },
    classes: { type: 'string', pattern: '^\\w+\\s\\d*[^a-y0-9]$' },
    inside: { type: 'string', pattern: 'needle', minLength: 3 },
    hex: { type: 'string', pattern: '^#(?:[0-9a-fA-F]{2}){3}$' },
  }),
  'optional properties': {
    type: 'object',
    properties: { a: string, b: { type: 'boolean' }, c: array({ type: 'number' }) },
    required: ['b'],
  },
  'a record': { type: 'object', additionalProperties: { type: 'integer', minimum: 5 }, minProperties: 3 },
  'a tuple': { type: 'array', items: [string, { type: 'integer' }], minItems: 2, maxItems: 2 },
  'definitions': {
    $defs: { money: object({ currency: { enum: ['EUR'] }, amount: { type: 'number', minimum: 0 } }) },
    ...object({ price: { $ref: '#/$defs/money' }, others: array({ $ref: '#/$defs/money' }) }),
  },
  'a tree': {
    definitions: {
      node: object({ value: string, left: { anyOf: [{ $ref: '#/definitions/node' }, { type: 'null' }] }, kids: array({ $ref: '#/definitions/node' }) }),
    },
    ...object({ root: { $ref: '#/definitions/node' } }),
  },
  'a zod schema that refers to itself': z.toJSONSchema(category, { target: 'draft-7' }),
  'a zod schema through the client': zodTextFormat(fromZod, 'x').schema,
  'a list at the root': array(object({ title: string, url: string }), { minItems: 1 }),
}; // prettier-ignore

const ajv = new Ajv({ strict: false, allErrors: true });
ajv.addFormat('uri', { validate: (text: string) => URL.canParse(text) });
ajv.addFormat('email', /^[^\s@]+@[^\s@]+\.[^\s@]+$/);
ajv.addFormat('date', /^\d{4}-\d\d-\d\d$/);
ajv.addFormat('date-time', { validate: (text: string) => !Number.isNaN(Date.parse(text)) });
ajv.addFormat('uuid', /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
ajv.addFormat('ipv4', /^(\d{1,3}\.){3}\d{1,3}$/);

function generate(schema: unknown, seed: number): unknown {
  const random = createRandom('schema', seed);
  const subject = { company: 'Blue Harbor', domain: 'blueharbor.example', question: 'Who leads it?' };
  const material = {
    random,
    writer: createWriter(subject, random),
    sources: createSources(subject, undefined, random),
  };
  return generateFromSchema(schema as JsonSchema, material);
}

describe.each(Object.entries(schemas))('an answer for %s', (_, schema) => {
  it('satisfies the schema, whatever the seed', () => {
    const validate = ajv.compile(schema as object);
    for (let seed = 0; seed < 60; seed++) {
      const value = generate(schema, seed);
      validate(value);
      expect({ seed, value, errors: validate.errors }).toEqual({ seed, value, errors: null });
      expect(JSON.stringify(value).length).toBeLessThan(200_000);
    }
  });
});

it('writes text that suits the name of the property', () => {
  const value = generate(
    object({ company: string, city: string, summary: string, url: string, title: string }),
    1,
  );
  expect(value).toMatchObject({
    company: 'Blue Harbor',
    city: expect.stringMatching(/^\p{Lu}\p{L}+$/u),
    summary: expect.stringMatching(/Blue Harbor.*\. .*\./),
    url: expect.stringMatching(/^https:\/\//),
    title: expect.stringContaining('Blue Harbor'),
  });
});

describe('a strict schema', () => {
  const item = object({ a: string });
  it.each([
    [
      'format uri',
      object({ url: { type: 'string', format: 'uri' } }),
      "In context=('properties', 'url'), 'uri' is not a valid format.",
    ],
    ['an optional property', { ...item, required: [] }, "Missing 'a'."],
    [
      'open objects',
      object({ list: array({ type: 'object', properties: {} }) }),
      "'additionalProperties' is required",
    ],
    ['oneOf', object({ a: { oneOf: [string] } }), "'oneOf' is not permitted."],
    ['a list at its root', array(item), `schema must be a JSON Schema of 'type: "object"'`],
    ['a bad definition', { ...item, $defs: { b: { type: 'object' } } }, "In context=('$defs', 'b')"],
  ])('is refused with %s, as the real API does', async (_, schema, message) => {
    const opened = await openSimulator({ timeScale: 0 });
    const format = { type: 'json_schema' as const, name: 'answer', schema, strict: true };
    const create = (strict: boolean) =>
      opened.client.responses.create({ model: 'm', input: 'x', text: { format: { ...format, strict } } });
    const error = await rejectionOf(create(true));
    expect(error).toBeInstanceOf(OpenAI.BadRequestError);
    expect(error.message).toContain(message);
    expect(error.code).toBe('invalid_json_schema');
    expect((await create(false)).status).toBe('completed');
    await opened.stop();
  });
});
