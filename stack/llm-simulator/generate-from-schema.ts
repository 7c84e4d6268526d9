import type { Findings } from './findings';
import { generateNumber } from './generate-number';
import { generateString, isUrlProperty } from './generate-string';
import { mergeSchemas, resolveSchema, typesOf, type JsonSchema } from './json-schema';
import type { Material } from './material';
import type { Citation } from './sources';

// Beyond this depth only what the schema demands is generated, so that recursive schemas come to an end.
const deep = 5;

/**
 * A value that satisfies the schema, with text that suits the names of its properties. Best effort for keywords
 * that strict structured outputs do not allow (`not`, `if`, `contains`, `patternProperties` are ignored).
 */
export function generateFromSchema(root: JsonSchema, material: Material): unknown {
  const { random, findings } = material;
  /** What the item of a list that is being made is about. */
  let found: Partial<FoundItem> = {};

  function generate(given: JsonSchema | boolean, name: string, depth: number, citation?: Citation): unknown {
    const schema = chooseBranch(resolveSchema(typeof given === 'boolean' ? {} : given, root), depth);
    if (schema.const !== undefined) return schema.const;
    if (schema.enum) return chooseValue(schema.enum, name);
    const said = saidInText(schema, name);
    if (said !== undefined) return said;
    switch (chooseType(schema, depth)) {
      case 'object':
        return generateObject(schema, depth);
      case 'array':
        return generateArray(schema, name, depth);
      case 'string':
        return generateString(schema, name, material, citation);
      case 'number':
      case 'integer':
        return generateNumber(schema, name, random);
      case 'boolean':
        return random.chance(0.7);
      default:
        return null;
    }
  }

  /** What the prompt mentions; a kind that it does not mention is none of those that have a name. */
  function chooseValue(values: readonly unknown[], name: string): unknown {
    const mentioned = findings?.mentioned.find((value) => values.includes(value));
    const isKind = findings && /type|kind|category/i.test(name) && values.includes('other');
    return mentioned ?? (isKind ? 'other' : random.pick(values));
  }

  function chooseBranch(schema: JsonSchema, depth: number): JsonSchema {
    const branches = schema.anyOf ?? schema.oneOf;
    if (!branches?.length) return schema;
    const rest = { ...schema };
    delete rest.anyOf;
    delete rest.oneOf;
    const resolved = branches.map((branch) => resolveSchema(branch, root));
    const branch = depth > deep ? simplest(resolved) : usualBranch(resolved);
    return chooseBranch(resolveSchema(mergeSchemas(rest, branch), root), depth + 1);
  }

  function usualBranch(branches: JsonSchema[]): JsonSchema {
    const filled = branches.filter((branch) => !isNull(branch));
    return filled.length > 0 && (filled.length === branches.length || random.chance(0.85))
      ? random.pick(filled)
      : random.pick(branches);
  }

  function chooseType(schema: JsonSchema, depth: number): string {
    const types = typesOf(schema);
    if (types.includes('null') && (depth > deep || random.chance(0.15))) return 'null';
    const filled = types.filter((type) => type !== 'null');
    return filled.length > 0 ? random.pick(filled) : 'null';
  }

  function generateObject(schema: JsonSchema, depth: number): Record<string, unknown> {
    const properties = Object.entries(schema.properties ?? {});
    const required = new Set(schema.required);
    // One page for the whole object, so that its url and its title belong together.
    const hasUrl = properties.some(([name, property]) => isUrlProperty(name) && isText(property));
    const citation = hasUrl ? material.sources.cite() : undefined;
    const object: Record<string, unknown> = {};
    for (const [name, property] of properties) {
      if (!required.has(name) && (depth >= deep || random.chance(0.25))) continue;
      object[name] = generate(property, name, depth + 1, citation);
    }
    for (const name of required) if (!(name in object)) object[name] = generate(true, name, depth + 1);
    addFreeProperties(object, schema, depth);
    return object;
  }

  function isText(schema: JsonSchema): boolean {
    return typesOf(resolveSchema(schema, root)).includes('string');
  }

  function addFreeProperties(object: Record<string, unknown>, schema: JsonSchema, depth: number): void {
    const values = schema.additionalProperties ?? true;
    if (values === false) return;
    const isRecord = typeof values === 'object' && !schema.properties;
    const wanted = Math.max(schema.minProperties ?? 0, isRecord && depth < deep ? 2 : 0);
    for (let index = 1; Object.keys(object).length < wanted; index++) {
      object[`entry_${index}`] = generate(values, 'entry', depth + 1);
    }
  }

  function generateArray(schema: JsonSchema, name: string, depth: number): unknown[] {
    const fixed = schema.prefixItems ?? (Array.isArray(schema.items) ? schema.items : []);
    const array = fixed.map((item) => generate(item, name, depth + 1));
    const items = Array.isArray(schema.items) || schema.items === undefined ? {} : schema.items;
    const inText = findings && listInText(findings, name);
    const usual = inText?.length ?? (fixed.length > 0 ? fixed.length : depth > deep ? 0 : usualCount(name));
    const count = Math.min(Math.max(usual, schema.minItems ?? 0), schema.maxItems ?? Infinity);
    const seen = new Set<string>();
    for (let attempts = 0; array.length < count && attempts < 20 * count; attempts++) {
      found = inText?.[array.length] ?? {};
      const item = generate(items, name, depth + 1);
      found = {};
      if (schema.uniqueItems && seen.has(JSON.stringify(item))) continue;
      if (schema.uniqueItems) seen.add(JSON.stringify(item));
      array.push(item);
    }
    return array;
  }

  function usualCount(name: string): number {
    return isUrlProperty(name) ? random.integer(1, 3) : random.integer(3, 6);
  }

  /** A value that stands in the prompt, where the property asks for one and the schema lets it through. */
  function saidInText(schema: JsonSchema, name: string): string | number | undefined {
    if (!findings || schema.pattern || schema.maxLength) return undefined;
    const types = typesOf(schema);
    if (types.includes('number') && /amount|total|price/i.test(name)) return found.amount;
    if (!types.includes('string')) return undefined;
    if (/date|deadline/i.test(name)) return found.date ?? findings.dates[0];
    if (/currency/i.test(name)) return found.currency ?? findings.amounts[0]?.currency;
    if (/name/i.test(name)) return found.name ?? findings.names[0];
    return /summary|abstract/i.test(name) ? findings.opening : undefined;
  }

  return generate(root, '', 0);
}

interface FoundItem {
  date: string;
  amount: number;
  currency: string;
  name: string;
}

/** The list that a property of that name asks for, when it is about something that is looked for in the prompt. */
function listInText({ dates, amounts, names }: Findings, property: string): Partial<FoundItem>[] | undefined {
  if (/dates|deadlines/i.test(property)) return dates.map((date) => ({ date }));
  if (/amounts|prices/i.test(property)) return amounts;
  if (/parties|people|persons|names/i.test(property)) return names.map((name) => ({ name }));
  return undefined;
}

function isNull(schema: JsonSchema): boolean {
  return schema.type === 'null' || schema.const === null;
}

/** The branch that most surely ends a recursion. */
function simplest(branches: JsonSchema[]): JsonSchema {
  const weight = (schema: JsonSchema) =>
    isNull(schema) || schema.enum
      ? 0
      : typesOf(schema).includes('object')
        ? (schema.required?.length ?? 0) + 2
        : 1;
  return branches.reduce((best, branch) => (weight(branch) < weight(best) ? branch : best));
}
