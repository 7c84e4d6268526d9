import { errorCodes, HeadwayError, messageOf } from '../../contracts/errors';

describe('the registry of errors', () => {
  it.each(Object.entries(errorCodes))('says what %s means and what to do about it', (code, entry) => {
    expect(code).toMatch(/^HW_[A-Z0-9]+(_[A-Z0-9]+)*$/);
    for (const sentence of [entry.meaning, entry.action]) {
      expect(sentence).toMatch(/^[A-Z].+[^.]\.$/);
      expect(sentence).not.toContain('\n');
    }
  });

  it('tells codes apart: no two have the same meaning', () => {
    const meanings = Object.values(errorCodes).map((entry) => entry.meaning);
    expect(new Set(meanings).size).toBe(meanings.length);
  });
});

describe('HeadwayError', () => {
  it('carries its code, its sentence and its cause', () => {
    const cause = new Error('inner');
    const error = new HeadwayError('HW_INTERNAL', 'a sentence', { cause });
    expect(error).toMatchObject({ name: 'HeadwayError', code: 'HW_INTERNAL', message: 'a sentence', cause });
    expect(error).toBeInstanceOf(Error);
  });
});

describe('messageOf', () => {
  it.each<[unknown, string]>([
    [new Error(' two\n  lines '), 'two lines'],
    [new TypeError(''), 'TypeError'],
    ['text', 'text'],
    [undefined, 'undefined'],
    [null, 'null'],
    [7, '7'],
    [{ reason: 'no' }, '{"reason":"no"}'],
    [Object.assign(new Error(), { message: ['one', 'two'] }), '["one","two"]'],
    [{ message: 'not quite an error' }, 'not quite an error'],
    [{ toJSON: () => undefined }, '[object Object]'],
  ])('is one line for anything thrown: %p', (thrown, text) => {
    expect(messageOf(thrown)).toBe(text);
  });

  it('is a text also for what cannot be made one', () => {
    const bare: unknown = Object.create(null);
    expect(messageOf(bare)).toBe('{}');
    expect(messageOf(Object.assign(new Error(), { message: bare }))).toBe('{}');
    expect(messageOf({ big: 1n })).toBe('something without a text was thrown');
  });
});
