import { toDeadLetterHeaders } from '../../contracts/dead-letter';
import { z } from 'zod';
import {
  describeIssues,
  JOB_ID_MAX_BYTES,
  jobIdSchema,
  jobRequestSchema,
  jobSourceSchema,
} from '../../contracts/job-request';

const least = { pipeline: 'company-brief', input: { company: 'Blue Harbor' } };
const full = {
  ...least,
  id: 'order-17',
  tenant: 'acme',
  priority: 2,
  deadline: '2026-03-01T12:00:00+02:00',
  metadata: { source: 'crm', ticket: '' },
};

const refused = (request: unknown): string => {
  const parsed = jobRequestSchema.safeParse(request);
  if (parsed.success) throw new Error(`was taken: ${JSON.stringify(request)}`);
  return describeIssues(parsed.error);
};

describe('a job request', () => {
  it('needs a pipeline and an input, and nothing else', () => {
    expect(jobRequestSchema.parse(least)).toEqual(least);
  });

  it('comes out as it went in', () => {
    expect(jobRequestSchema.parse(full)).toEqual(full);
    expect(jobRequestSchema.parse({ ...least, input: {} })).toEqual({ ...least, input: {} });
  });

  it.each([
    ['pipeline', { pipeline: undefined }],
    ['pipeline', { pipeline: '' }],
    ['pipeline', { pipeline: 7 }],
    ['pipeline', { pipeline: 'p'.repeat(65) }],
    ['input', { input: undefined }],
    ['input', { input: null }],
    ['input', { input: 'text' }],
    ['input', { input: ['a list'] }],
    ['id', { id: '' }],
    ['id', { id: 17 }],
    ['id', { id: null }],
    ['id', { id: 'a\nb' }],
    ['tenant', { tenant: '' }],
    ['tenant', { tenant: 't'.repeat(65) }],
    ['tenant', { tenant: 'a\u0000b' }],
    ['tenant', { tenant: 'a\ud800b' }],
    ['priority', { priority: 0 }],
    ['priority', { priority: 6 }],
    ['priority', { priority: 1.5 }],
    ['priority', { priority: '3' }],
    ['deadline', { deadline: 'tomorrow' }],
    ['deadline', { deadline: 1_767_225_600 }],
    ['deadline', { deadline: '2026-03-01T12:00:00' }],
    ['deadline', { deadline: '2026-02-30T12:00:00Z' }],
    ['notBefore', { notBefore: 'tomorrow' }],
    ['notBefore', { notBefore: '2026-03-01T12:00:00' }],
    ['metadata', { metadata: ['a'] }],
    ['metadata.ticket', { metadata: { ticket: 7 } }],
    ['metadata.ticket', { metadata: { ticket: 'x'.repeat(513) } }],
    [`metadata.${'k'.repeat(65)}`, { metadata: { ['k'.repeat(65)]: 'x' } }],
  ])('is refused with a sentence that names %s: %j', (field, wrong) => {
    const sentence = refused({ ...full, ...wrong });
    expect(sentence.startsWith(`${field}: `)).toBe(true);
    expect(sentence).not.toContain('\n');
  });

  it.each(['deadline', 'notBefore'])('says how a %s is to be written', (field) => {
    expect(refused({ ...least, [field]: 'tomorrow' })).toBe(
      `${field}: must be ISO 8601 with an offset, such as 2026-01-31T12:00:00Z`,
    );
  });

  it('is refused when its deadline is not later than its notBefore, in a sentence that names both', () => {
    const notBefore = '2026-03-01T12:00:00+02:00';
    const ends = (deadline: string) => ({ ...least, notBefore, deadline });
    for (const deadline of ['2026-03-01T10:00:00Z', '2026-03-01T11:00:00+02:00', '1970-01-01T00:00:00Z']) {
      expect(refused(ends(deadline))).toBe('deadline: must be later than notBefore');
    }
    expect(jobRequestSchema.parse(ends('2026-03-01T10:00:00.001Z'))).toMatchObject({ notBefore });
  });

  it('may have a notBefore at any time, past or far ahead: a record that is read again later is judged the same', () => {
    for (const notBefore of ['1970-01-01T00:00:00Z', '9999-12-31T23:59:59Z']) {
      expect(jobRequestSchema.parse({ ...least, notBefore })).toMatchObject({ notBefore });
    }
  });

  it('is refused when it has a field we do not know, by name', () => {
    expect(refused({ ...full, priorty: 1 })).toMatch(/^the job request: .*"priorty"/);
    // zod leaves this key out of what it returns, so it has to be refused rather than dropped.
    expect(refused(JSON.parse('{"pipeline":"p","input":{},"__proto__":{"id":"x"}}'))).toContain('__proto__');
  });

  it.each([[null], [undefined], ['text'], [7], [[least]], [true]])('is not %j', (value) => {
    expect(refused(value)).toMatch(/^the job request: /);
  });

  it.each(['2026-03-01T12:00:00Z', '2026-03-01T12:00:00.123456Z', '2026-03-01T12:00:00-11:30'])(
    'may have the deadline %s, which is a point in time',
    (deadline) => {
      expect(Date.parse(jobRequestSchema.parse({ ...least, deadline }).deadline!)).not.toBeNaN();
    },
  );
});

describe('a job id', () => {
  it.each([
    'order/2026/17',
    'a b',
    '🚀 launch',
    'Ключ-7',
    '../../etc/passwd',
    'a:b?c=d&e#f%20',
    '__proto__',
    '"quoted" \\ ~',
    '👩‍👩‍👧',
  ])('may be %s', (id) => {
    expect(jobIdSchema.parse(id)).toBe(id);
  });

  it.each([
    '',
    'a\u0000b',
    'a\nb',
    'a\tb',
    'a\u007fb',
    'a\u0085b',
    'a\u2028b',
    'a\u2029b',
    '\ud800',
    'a\udc00b',
    ' a',
    'a ',
    '\u00a0a',
    '\ufeffa',
  ])('is never %j', (id) => {
    expect(jobIdSchema.safeParse(id).success).toBe(false);
  });

  it('has at most 200 bytes of UTF-8, however many characters that is', () => {
    expect(JOB_ID_MAX_BYTES).toBe(200);
    for (const [character, bytes] of [
      ['a', 1],
      ['é', 2],
      ['漢', 3],
      ['🚀', 4],
    ] as const) {
      const most = Math.floor(200 / bytes);
      expect(jobIdSchema.safeParse(character.repeat(most)).success).toBe(true);
      expect(jobIdSchema.safeParse(character.repeat(most + 1)).error?.issues[0]?.message).toBe(
        'must be at most 200 bytes of UTF-8',
      );
    }
  });
});

describe('the source of a job', () => {
  it('keeps an offset beyond 2^53, as a string', () => {
    const source = {
      door: 'kafka',
      topic: 'q',
      partition: 0,
      offset: '9223372036854775807',
      timestamp: 1,
    } as const;
    expect(jobSourceSchema.parse(source)).toEqual(source);
    expect(jobSourceSchema.safeParse({ ...source, offset: 7 }).success).toBe(false);
    expect(jobSourceSchema.safeParse({ ...source, offset: '-1' }).success).toBe(false);
  });
});

describe('describeIssues', () => {
  const schema = z.strictObject({ list: z.array(z.object({ name: z.string() })), size: z.number() });
  const errorOf = (value: unknown) => schema.safeParse(value).error!;

  it('names each field with its path, below the field it is told', () => {
    const error = errorOf({ list: [{ name: 'a' }, { name: 2 }], size: 'x' });
    expect(describeIssues(error, 'input')).toMatch(/^input\.list\.1\.name: [^;]+; input\.size: [^;]+$/);
    expect(describeIssues(error)).toMatch(/^list\.1\.name: /);
  });

  it('says what is wrong also with a name of the sender that is very long', () => {
    const { error } = jobRequestSchema.safeParse({
      pipeline: 'p',
      input: {},
      metadata: { ['x'.repeat(10_000)]: '' },
    });
    expect(describeIssues(error!)).toMatch(/^metadata\.x{100}\.\.\.: \w+/);
  });

  it('says where it stands when the value itself is at fault', () => {
    expect(describeIssues(errorOf(7), 'input')).toMatch(/^input: /);
    expect(describeIssues(errorOf(7))).toMatch(/^the job request: /);
  });

  it('stops after five', () => {
    const many = errorOf({ list: Array.from({ length: 50 }, () => ({})), size: 1 });
    expect(many.issues.length).toBe(50);
    expect(describeIssues(many).split('; ')).toHaveLength(5);
  });
});

it('the sentence of a dead letter is short, however long the record: it travels as a header beside the record', () => {
  const unknown = Object.fromEntries(Array.from({ length: 60_000 }, (_, n) => [`field-${n}`, 1]));
  const { error } = jobRequestSchema.safeParse({ pipeline: 'p', input: {}, ...unknown });
  const message = describeIssues(error!);
  const headers = toDeadLetterHeaders({
    topic: 't',
    partition: 0,
    offset: '0',
    group: 'g',
    message,
    class: 'HW_JOB_INVALID',
    stage: 'bridge',
    timestamp: '',
  });
  expect(headers['__dlq.errors.message']!.length).toBeLessThan(10_000);
});

it('metadata leave room for a result: it carries them, also the small one that says a result was too large', () => {
  const metadata = Object.fromEntries(Array.from({ length: 2_500 }, (_, n) => [`k${n}`, 'x'.repeat(500)]));
  expect(jobRequestSchema.safeParse({ pipeline: 'p', input: {}, metadata }).success).toBe(false);
});
