import { z } from 'zod';
import { policySchema } from '../../contracts/policy';
import { definePipeline, PermanentError, type EnrichContext } from '../../pipelines/define-pipeline';

const request = z.strictObject({ word: z.string() });
const response = z.object({ letters: z.number() });
const tree = z.object({
  name: z.string(),
  get children() {
    return z.array(tree).optional();
  },
});
const stages = {
  enrich: () => ({ rows: 1 }),
  prompt: () => ({ instructions: '', input: '' }),
  postProcess: () => null,
};
const valid = { name: 'count-letters', request, response, ...stages };

describe('definePipeline', () => {
  it('fills in the tools and the policy that were left out', () => {
    const pipeline = definePipeline(valid);
    expect(pipeline.tools).toEqual([]);
    expect(pipeline.policy).toEqual(policySchema.parse({}));
  });

  it('keeps what the policy says and completes the rest', () => {
    const { policy } = definePipeline({ ...valid, policy: { llm: { timeoutMs: 60_000 } } });
    expect(policy.llm).toEqual({ ...policySchema.parse({}).llm, timeoutMs: 60_000 });
  });

  it('lets a job without enrich and postProcess have its answer as output, which is not written down twice', async () => {
    const { enrich, postProcess, policy } = definePipeline({
      name: 'bare',
      request,
      response,
      prompt: stages.prompt,
    });
    const database = { query: () => Promise.reject(new Error('the database was asked')) };
    const signal = AbortSignal.timeout(1_000);
    const enrichment = await enrich({ word: 'abc' }, { database, signal, jobId: 'job-1' });
    expect(enrichment).toBeNull();
    const answer = { letters: 3 };
    expect(postProcess(answer, { input: { word: 'abc' }, enrichment, citations: [], sources: [] })).toBe(
      answer,
    );
    expect(policy.postProcess.deterministic).toBe(true);
    expect(definePipeline(valid).policy.postProcess.deterministic).toBe(false);
  });

  it.each(['', 'Company', 'company brief', '-brief', '1brief', 'company_brief', 'b'.repeat(65)])(
    'refuses the name "%s"',
    (name) => {
      expect(() => definePipeline({ ...valid, name })).toThrow(`definePipeline: name "${name}"`);
    },
  );

  it.each<[object, string]>([
    [{ allowedDomains: ['https://example.org'] }, 'tools.0.allowedDomains.0: must be a domain such as'],
    [{ allowedDomains: [] }, 'tools.0.allowedDomains: '],
    [{ searchContextSize: 'huge' }, 'tools.0.searchContextSize: '],
    [{ userLocation: { country: 'Germany' } }, 'tools.0.userLocation.country: must be a country code'],
    [{ userLocation: { timezone: 'Berlin' } }, 'tools.0.userLocation.timezone: must be an IANA time zone'],
    [{ domains: ['example.org'] }, 'tools.0: '],
  ])('names the field of a tool that cannot be used: %j', (parts, message) => {
    const tools = [{ type: 'web_search', ...parts }] as never;
    expect(() => definePipeline({ ...valid, tools })).toThrow(`definePipeline("count-letters"): ${message}`);
  });

  it('takes every setting of the web search', () => {
    const tools = [
      {
        type: 'web_search' as const,
        allowedDomains: ['example.org', 'sub.example-2.co.uk'],
        searchContextSize: 'low' as const,
        userLocation: { country: 'DE', region: 'Bavaria', city: 'Munich', timezone: 'Europe/Berlin' },
      },
    ];
    expect(definePipeline({ ...valid, tools, minSources: 2 })).toMatchObject({ tools, minSources: 2 });
  });

  it.each([0, 1.5, -1])('refuses %d as the number of sources', (minSources) => {
    const tools = [{ type: 'web_search' as const }];
    expect(() => definePipeline({ ...valid, tools, minSources })).toThrow(
      'minSources must be a whole number',
    );
  });

  it('refuses to demand sources of a model that cannot search', () => {
    expect(() => definePipeline({ ...valid, minSources: 1 })).toThrow('minSources needs a tool');
  });

  it.each([
    [{ llm: { timeoutMs: -1 } }, /^definePipeline\("count-letters"\): policy\.llm\.timeoutMs: /],
    [{ enrich: { attempts: 1.5 } }, /: policy\.enrich\.attempts: /],
  ])('names the field of a policy that cannot be used: %j', (policy, message) => {
    expect(() => definePipeline({ ...valid, policy: policy })).toThrow(message);
  });

  it.each<[object, string]>([
    [{ polcy: { confidential: true } }, 'polcy: is no field of a pipeline; perhaps policy is meant'],
    [{ post_process: () => null }, 'post_process: is no field of a pipeline; perhaps postProcess is meant'],
    [{ confidental: true }, 'confidental: is no field of a pipeline; perhaps policy.confidential is meant'],
    [
      { timeoutMs: 1 },
      'timeoutMs: is no field of a pipeline; perhaps policy.enrich.timeoutMs or policy.llm.timeoutMs or policy.postProcess.timeoutMs is meant',
    ],
    [
      { zzzzzz: undefined },
      'zzzzzz: is no field of a pipeline; there are name, request, response, enrich, prompt, tools, minSources, postProcess, policy',
    ],
    [
      { policy: { confidental: true } },
      'policy.confidental: is no field of a pipeline; perhaps policy.confidential is meant',
    ],
    [
      { policy: { llm: { timeout: 1 }, enrich: { attempt: 1 } } },
      'policy.enrich.attempt: is no field of a pipeline; perhaps policy.enrich.attempts is meant; policy.llm.timeout: is no field of a pipeline; perhaps policy.llm.timeoutMs is meant',
    ],
    [
      { policy: { postProcess: { zzzzzz: 1 } } },
      'policy.postProcess.zzzzzz: is no field of a pipeline; there are policy.postProcess.timeoutMs, policy.postProcess.attempts, policy.postProcess.deterministic',
    ],
    [{ prompt: 'Be brief.' }, 'prompt: must be a function'],
    [{ prompt: undefined }, 'prompt: must be a function'],
    [{ enrich: {} }, 'enrich: must be a function, or left out'],
    [{ postProcess: null }, 'postProcess: must be a function, or left out'],
    [{ request: { word: 'string' } }, 'request: must be a schema of zod 4, such as z.strictObject({ ... })'],
    [{ response: undefined }, 'response: must be a schema of zod 4, such as z.strictObject({ ... })'],
    // What those of zod 3 look like.
    [{ request: { _def: {}, safeParse: () => null } }, 'request: must be a schema of zod 4, such as'],
  ])('refuses what no compiler has refused: %j', (parts, message) => {
    const define = () => definePipeline({ ...valid, ...parts });
    expect(define).toThrow(`definePipeline("count-letters"): ${message}`);
    expect(define).toThrow(expect.objectContaining({ code: 'HW_CONFIG_INVALID' }));
  });

  it.each<[string, z.ZodType]>([
    ['word: has a default', z.object({ word: z.string().default('none') })],
    ['word: has a prefault', z.object({ word: z.string().prefault('none') })],
    ['word: has a coerce', z.object({ word: z.coerce.number() })],
    ['word: has a transform', z.object({ word: z.string().transform(Number) })],
    ['word: has a transform', z.object({ word: z.preprocess(String, z.string()) })],
    ['word: has a catch', z.object({ word: z.string().catch('none') })],
    ['word: has a coerce', z.object({ word: z.string().pipe(z.coerce.number()) })],
    ['word: has a trim or another overwrite', z.object({ word: z.string().trim().min(1) })],
    ['word: has a trim or another overwrite', z.object({ word: z.string().toLowerCase().optional() })],
    ['word: has a codec', z.object({ word: z.stringbool() })],
    ['list.*.word: has a default', z.object({ list: z.array(z.object({ word: z.string().default('') })) })],
    ['pair.1: has a default', z.object({ pair: z.tuple([z.string(), z.string().default('')]) })],
    ['pair.*: has a coerce', z.object({ pair: z.tuple([z.string()], z.coerce.number()) })],
    ['words.*: has a coerce', z.object({ words: z.record(z.string(), z.coerce.number()) })],
    ['words.*: has a transform', z.object({ words: z.record(z.string().transform(String), z.number()) })],
    ['either: has a coerce', z.object({ either: z.union([z.string(), z.coerce.number()]) })],
    ['both: has a coerce', z.object({ both: z.intersection(z.string(), z.coerce.string()) })],
    ['word: has a default', z.object({ word: z.string().default('').optional().nullable().readonly() })],
    ['*: has a coerce', z.object({}).catchall(z.coerce.number())],
    ['later: has a coerce', z.object({ later: z.lazy(() => z.coerce.number()) })],
    ['word: has a default', z.object({ word: z.string().default('') }).refine(() => true)],
  ])('refuses a request schema that changes what it checks: %s', (message, schema) => {
    const expected = `definePipeline("count-letters"): request.${message}, which no stage would see`;
    expect(() => definePipeline({ ...valid, request: schema })).toThrow(expected);
  });

  it('takes request schemas that only check, also those that contain themselves', () => {
    const endless = (): z.ZodType => z.object({ a: z.lazy(endless), b: z.lazy(endless) });
    const known: z.ZodType = z.object({
      refined: z.string().refine(Boolean).check(z.minLength(1)),
      piped: z.string().pipe(z.email()),
      either: z.union([z.string(), z.null()]).optional().nullable(),
      kinds: z.discriminatedUnion('kind', [z.object({ kind: z.literal('x') })]),
      words: z.record(z.string(), z.tuple([z.string()], z.number())),
      branded: z.string().brand('word').readonly(),
      json: z.json(),
      when: z.iso.datetime(),
      tree,
      endless: endless(),
      undeclared: z.lazy(() => declaredLater),
      get alsoUndeclared() {
        return z.array(declaredLater);
      },
    });
    expect(definePipeline({ ...valid, request: known }).request).toBe(known);
    const declaredLater = z.string();
  });

  it.each([undefined, null, 'pipeline', { ...valid, name: undefined }])('refuses %j', (definition) => {
    expect(() => definePipeline(definition as never)).toThrow('name "undefined" must be lower-case words');
  });

  it('has a policy that is checked at every level', () => {
    const levels = Object.keys(policySchema.parse({})).filter((level) => level !== 'giveUpAfterMs');
    expect(levels).toEqual(['enrich', 'llm', 'postProcess']);
    for (const level of levels) {
      const policy = { [level]: { none: 1 } };
      expect(() => definePipeline({ ...valid, policy })).toThrow(`policy.${level}.none: is no field`);
    }
  });

  it.each<[string, z.ZodType, RegExp]>([
    ['not an object', z.array(z.string()), /^definePipeline\("count-letters"\): response: must be an object/],
    ['a union', z.union([response, z.object({ words: z.number() })]), /: response: must be an object/],
    ['an optional field', z.object({ a: z.string().optional() }), /: response\.a: must be required/],
    [
      'an optional field in a list',
      z.object({ list: z.array(z.object({ a: z.string().optional() })) }),
      /: response\.list\.a: must be required/,
    ],
    [
      'an optional field in a union',
      z.object({ either: z.union([z.string(), z.object({ a: z.string().optional() })]) }),
      /: response\.either\.a: must be required/,
    ],
    [
      'an optional field in a discriminated union',
      z.object({
        either: z.discriminatedUnion('kind', [
          z.object({ kind: z.literal('x') }),
          z.object({ kind: z.literal('y'), a: z.string().optional() }),
        ]),
      }),
      /: response\.either\.a: must be required/,
    ],
    [
      'an optional field in a schema that contains itself',
      z.object({ tree }),
      /: response\.children: must be required/,
    ],
    ['a date', z.object({ at: z.date() }), /: response: Date cannot be represented/],
  ])('refuses a response schema that cannot be strict: %s', (_, schema, message) => {
    expect(() => definePipeline({ ...valid, response: schema })).toThrow(message);
  });

  it('takes a response schema whose absent values are null', () => {
    const nullable = z.object({
      a: z.string().nullable(),
      list: z.array(z.object({ b: z.enum(['x', 'y']) })),
    });
    expect(definePipeline({ ...valid, response: nullable }).response).toBe(nullable);
  });
});

describe('PermanentError', () => {
  it('keeps its name and its cause', () => {
    const cause = new Error('inner');
    expect(new PermanentError('outer', { cause })).toMatchObject({
      name: 'PermanentError',
      message: 'outer',
      cause,
    });
  });
});

/** Checked by `npm run typecheck`; calling it would prove nothing more. */
export function compileErrors(): void {
  definePipeline({
    name: 'all-inferred',
    request,
    response,
    enrich: async (input, { database }) => ({
      rows: await database.query<{ n: number }>('select $1', [input.word]),
    }),
    prompt: (input, enrichment) => ({ instructions: input.word, input: String(enrichment.rows[0]?.n) }),
    postProcess: (answer, { input, enrichment, citations }) =>
      answer.letters + input.word.length + enrichment.rows.length + citations.length,
  });

  definePipeline({
    name: 'left-out-stages',
    request,
    response,
    prompt: (input, enrichment) => ({ instructions: input.word, input: String(enrichment === null) }),
  });
  definePipeline({
    name: 'no-enrichment',
    request,
    response,
    // @ts-expect-error without enrich there is nothing
    prompt: (_, enrichment) => ({ instructions: enrichment.row, input: '' }),
    // @ts-expect-error likewise
    postProcess: (_, { enrichment }) => String(enrichment.row),
  });

  definePipeline({
    ...valid,
    // @ts-expect-error the request has no such field
    enrich: (input) => String(input.wrd),
  });
  definePipeline({
    name: 'wrong-fields-of-input-and-answer',
    request,
    response,
    enrich: stages.enrich,
    // @ts-expect-error the request has no such field
    prompt: (input) => ({ instructions: input.wrd, input: '' }),
    // @ts-expect-error the response has no such field
    postProcess: (answer) => String(answer.lettrs),
  });
  definePipeline({
    name: 'wrong-fields-of-the-enrichment',
    request,
    response,
    enrich: stages.enrich,
    // @ts-expect-error enrich returns no such field
    prompt: (_, enrichment) => ({ instructions: enrichment.row, input: '' }),
    // @ts-expect-error enrich returns no such field
    postProcess: (_, { enrichment }) => String(enrichment.row),
  });
  definePipeline({
    ...valid,
    // @ts-expect-error written for another request
    enrich: (input: { other: string }, _: EnrichContext) => input,
    // @ts-expect-error written for another response
    postProcess: (answer: { other: string }) => answer,
  });
  definePipeline({
    ...valid,
    // @ts-expect-error half a prompt
    prompt: () => ({ instructions: '' }),
  });
  definePipeline({
    ...valid,
    // @ts-expect-error no such tool
    tools: [{ type: 'web_serach' }],
  });
  definePipeline({
    ...valid,
    // @ts-expect-error no such field of the policy
    policy: { llm: { timeout: 1 } },
  });
  definePipeline({
    ...valid,
    // @ts-expect-error no such field of a pipeline
    retries: 3,
  });
  definePipeline({
    ...valid,
    // @ts-expect-error a default would never reach the stages
    request: z.strictObject({ word: z.string().default('none') }),
  });
  definePipeline({
    ...valid,
    // @ts-expect-error nor would the number
    request: z.strictObject({ word: z.string().transform(Number) }),
  });
  // @ts-expect-error no response schema
  definePipeline({ name: 'no-response', request, ...stages });
  // @ts-expect-error what to ask the model cannot be guessed
  definePipeline({ name: 'no-prompt', request, response });
}
