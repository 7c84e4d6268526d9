import { z } from 'zod';

/** What is known about a variable besides how it is read; docs/reference/configuration.md is made from it. */
export interface VariableFacts {
  about: string;
  /** What a good value looks like; completes the sentence "X must be ...". */
  must: string;
  /** What applies when the variable is not set, in words. */
  otherwise: string;
  secret?: boolean;
}

/** No value is ever quoted in a message: a secret may have been pasted into the wrong variable. */
export function variable<T extends z.ZodType>(schema: T, facts: VariableFacts): T {
  return schema.meta({ ...facts });
}

export function text(about: string, otherwise = 'not set', secret = false) {
  return variable(z.string().optional(), { about, must: 'text', otherwise, secret });
}

export function matching(
  pattern: RegExp,
  must: string,
  about: string,
  otherwise = 'not set',
  secret = false,
) {
  return variable(z.string().regex(pattern, must).optional(), { about, must, otherwise, secret });
}

export function url(isGood: (value: string) => boolean, must: string, about: string, otherwise: string) {
  const schema = z.string().refine((value) => !/\s/.test(value) && isGood(value), must);
  return variable(schema.optional(), { about, must, otherwise, secret: true });
}

export function name(fallback: string, about: string) {
  const must = '1 to 200 characters without white space';
  const schema = z.string().regex(/^\S{1,200}$/, must);
  return variable(schema.default(fallback), { about, must, otherwise: fallback });
}

export function topic(fallback: string, about: string) {
  const must = 'a Kafka topic name: 1 to 249 letters, digits, dots, underscores or hyphens';
  const schema = z.string().regex(/^(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}$/, must);
  return variable(schema.default(fallback), { about, must, otherwise: fallback });
}

export function wholeNumber(from: number, to: number, fallback: number, about: string) {
  const must = `a whole number from ${from} to ${to}`;
  const schema = z
    .string()
    .regex(/^\d{1,15}$/, must)
    .transform(Number)
    .refine((value) => value >= from && value <= to, must);
  return variable(schema.default(fallback), { about, must, otherwise: String(fallback) });
}

export function flag(fallback: boolean, about: string) {
  const must = '`true` or `false`';
  const schema = z
    .enum(['true', 'false', '1', '0'], { error: must })
    .transform((value) => value === 'true' || value === '1');
  return variable(schema.default(fallback), { about, must, otherwise: String(fallback) });
}

export function oneOf<const T extends readonly [string, ...string[]]>(
  values: T,
  fallback: T[number],
  about: string,
) {
  const must = `one of ${values.join(', ')}`;
  const schema = z.enum(values, { error: must });
  return variable(schema.default(fallback as never), { about, must, otherwise: fallback });
}

/** Gives the limit of a model; undefined for one that is not limited. */
export function perModel(about: string) {
  const must = 'a whole number for `OPENAI_MODEL`, or `model=number` for several models, separated by commas';
  const entry = String.raw`[^\s=,]{1,200}\s*=\s*[1-9]\d{0,14}`;
  const pattern = new RegExp(String.raw`^\s*([1-9]\d{0,14}|${entry}(\s*,\s*${entry})*)\s*$`);
  return variable(z.string().regex(pattern, must).optional(), {
    about,
    must,
    otherwise: 'what the provider’s answers say',
  });
}

export const HOST_PORT = String.raw`(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):\d{1,5}`;

/** Where an address comes from that is not set. */
export const LOCAL_STACK = 'the running local stack';
