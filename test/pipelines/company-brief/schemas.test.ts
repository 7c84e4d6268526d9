import { zodTextFormat } from 'openai/helpers/zod';
import { companyBrief } from '../../../pipelines/company-brief/pipeline';
import {
  companyBriefRequestSchema,
  companyBriefResponseSchema,
} from '../../../pipelines/company-brief/schemas';

const request = { company: 'Ondavolt Energy', domain: 'ondavolt.example', question: 'Who owns it?' };

describe('request schema', () => {
  it.each(['ondavolt.example', 'www.a-b.example', 'xn--mller-kva.example', 'ONDAVOLT.example', '3m.example'])(
    'takes the domain %s',
    (domain) => {
      expect(companyBriefRequestSchema.parse({ ...request, domain })).toEqual({ ...request, domain });
    },
  );

  it.each([
    '',
    'ondavolt',
    'https://ondavolt.example',
    'ondavolt.example/about',
    'ondavolt.example:443',
    'info@ondavolt.example',
    '-ondavolt.example',
    'ondavolt-.example',
    'ondavolt..example',
    'ondavolt.example.',
    ' ondavolt.example',
    'ondavolt .example',
    `${'a'.repeat(64)}.example`,
    `${'a.'.repeat(130)}example`,
  ])('refuses the domain "%.40s"', (domain) => {
    const { error } = companyBriefRequestSchema.safeParse({ ...request, domain });
    expect(error?.issues[0]?.path).toEqual(['domain']);
  });

  it.each([
    ['company', ''],
    ['company', ' \t'],
    ['company', 'x'.repeat(201)],
    ['question', ''],
    ['question', '\n'],
    ['question', 'x'.repeat(2_001)],
    ['question', undefined],
    ['question', 5],
  ])('refuses a %s of %j', (field, value) => {
    const { error } = companyBriefRequestSchema.safeParse({ ...request, [field]: value });
    expect(error?.issues[0]?.path).toEqual([field]);
  });

  it('refuses a field it does not know, by name', () => {
    const { error } = companyBriefRequestSchema.safeParse({ ...request, langauge: 'de' });
    expect(error?.issues[0]?.message).toContain('langauge');
  });
});

describe('response schema', () => {
  it('becomes a strict JSON schema of keywords that structured outputs know', () => {
    const format = zodTextFormat(companyBrief.response, 'company_brief');
    expect(format).toMatchObject({ type: 'json_schema', strict: true, schema: { type: 'object' } });
    expect(problemsOf(format.schema)).toEqual([]);
  });

  it('the check above sees what is not strict', () => {
    expect(
      problemsOf({
        type: 'object',
        properties: { a: { type: 'string', format: 'uri', minLength: 1 } },
        required: [],
      }),
    ).toEqual(['/: additionalProperties', '/: required', '/a: format uri', '/a: minLength']);
  });

  it('refuses a confidence outside 0 to 1', () => {
    const answer = { summary: 's', facts: [], confidence: 1.1 };
    expect(companyBriefResponseSchema.safeParse(answer).error?.issues[0]?.path).toEqual(['confidence']);
  });
});

/** https://platform.openai.com/docs/guides/structured-outputs#supported-schemas */
const supported = new Set([
  ...[
    '$schema',
    'type',
    'properties',
    'required',
    'additionalProperties',
    'description',
    'enum',
    'const',
    'anyOf',
  ],
  ...[
    'items',
    'minItems',
    'maxItems',
    'minimum',
    'maximum',
    'exclusiveMinimum',
    'exclusiveMaximum',
    'multipleOf',
  ],
  ...['pattern', 'format', '$ref', '$defs', 'definitions'],
]);
const formats = ['date-time', 'time', 'date', 'duration', 'email', 'hostname', 'ipv4', 'ipv6', 'uuid'];

interface Schema {
  properties?: Record<string, Schema>;
  items?: Schema;
  format?: string;
  [keyword: string]: unknown;
}

function problemsOf(schema: Schema, at = '/'): string[] {
  const problems: string[] = [];
  const names = Object.keys(schema.properties ?? {});
  if (schema.type === 'object' && schema.additionalProperties !== false)
    problems.push(`${at}: additionalProperties`);
  if (names.some((name) => !(schema.required as string[]).includes(name))) problems.push(`${at}: required`);
  if (schema.format && !formats.includes(schema.format)) problems.push(`${at}: format ${schema.format}`);
  problems.push(
    ...Object.keys(schema)
      .filter((key) => !supported.has(key))
      .map((key) => `${at}: ${key}`),
  );
  for (const name of names)
    problems.push(...problemsOf(schema.properties![name]!, `${at === '/' ? '' : at}/${name}`));
  if (schema.items) problems.push(...problemsOf(schema.items, `${at}[]`));
  return problems;
}
