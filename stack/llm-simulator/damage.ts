import type { JsonSchema } from './json-schema';
import type { Random } from './random';

/** Text that no JSON parser accepts: cut off, or with prose around it, as models do it. */
export function breakJson(text: string, random: Random): string {
  return random.chance(0.5) ? cutOff(text, random) : `Here is the result you asked for:\n\n${text}`;
}

/** The first 40 to 80 % of a text. */
export function cutOff(text: string, random: Random): string {
  return text.slice(0, Math.floor(text.length * (0.4 + 0.4 * random.next())));
}

/** A value near the given one that the schema does not allow: a required property is missing, or the type is wrong. */
export function violateSchema(value: unknown, schema: JsonSchema, random: Random): unknown {
  const required = schema.required?.filter((name) => isObject(value) && name in value) ?? [];
  if (!isObject(value) || required.length === 0) return isObject(value) ? [value] : { answer: value };
  const violated = { ...value };
  delete violated[random.pick(required)];
  return violated;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
