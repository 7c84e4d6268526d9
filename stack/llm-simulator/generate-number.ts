import type { JsonSchema } from './json-schema';
import type { Random } from './random';

/** Ranges that look right for a property of that name. */
const usualRanges: [RegExp, number, number][] = [
  [/confidence|score|probab|share|ratio|likelihood|certainty/i, 0.55, 0.97],
  [/year|founded/i, 1985, 2025],
  [/employ|headcount|staff/i, 20, 50_000],
  [/percent|pct/i, 1, 95],
  [/amount|revenue|price|cost|usd|eur|valuation/i, 10, 5_000],
];

/** A number within the bounds of the schema, and within a plausible range where the bounds leave room for it. */
export function generateNumber(schema: JsonSchema, name: string, random: Random): number {
  const isInteger = [schema.type].flat().includes('integer');
  const step = schema.multipleOf ?? (isInteger ? 1 : 0.01);
  const bounds = readBounds(schema);
  const [, usualLow = 1, usualHigh = 100] = usualRanges.find(([pattern]) => pattern.test(name)) ?? [];
  let low = Math.max(usualLow, bounds.low);
  let high = Math.min(usualHigh, bounds.high);
  // The usual range lies outside the bounds: stay near the bound it would cross.
  if (low > high && bounds.high < usualLow)
    [low, high] = [Math.max(bounds.low, bounds.high - 100 * step), bounds.high];
  if (low > high) [low, high] = [bounds.low, Math.min(bounds.high, bounds.low + 100 * step)];

  for (let attempt = 0; attempt < 50; attempt++) {
    const value = multipleWithin(low, high, step, random);
    if (value !== undefined && isWithin(value, schema) && isMultiple(value, schema.multipleOf)) return value;
  }
  // No multiple of the step fits between the bounds: any number there, if the schema allows one.
  return low + (high - low) / 2;
}

function readBounds(schema: JsonSchema): { low: number; high: number } {
  return {
    low: Math.max(schema.minimum ?? -Infinity, schema.exclusiveMinimum ?? -Infinity),
    high: Math.min(schema.maximum ?? Infinity, schema.exclusiveMaximum ?? Infinity),
  };
}

function multipleWithin(low: number, high: number, step: number, random: Random): number | undefined {
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  if (first > last) return undefined;
  return Number((random.integer(first, last) * step).toPrecision(12));
}

function isWithin(
  value: number,
  { minimum, maximum, exclusiveMinimum, exclusiveMaximum }: JsonSchema,
): boolean {
  return (
    value >= (minimum ?? -Infinity) &&
    value <= (maximum ?? Infinity) &&
    value > (exclusiveMinimum ?? -Infinity) &&
    value < (exclusiveMaximum ?? Infinity)
  );
}

/** Validators divide: 3.3 is no multiple of 0.1 to them, since 3.3 / 0.1 is not whole in binary. */
function isMultiple(value: number, multipleOf: number | undefined): boolean {
  return multipleOf === undefined || Number.isInteger(value / multipleOf);
}
