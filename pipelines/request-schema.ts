import type { z } from 'zod';

/**
 * Why a request schema changes what it checks, or undefined. Every stage gets the input as it was sent, so a default or a transformed value
 * would never reach one. TypeScript refuses most of these schemas; where nothing compiles, nothing else would.
 */
export function requestSchemaProblem(schema: z.ZodType): string | undefined {
  const change = findChange(schema, 'request');
  return (
    change &&
    `${change.at}: has a ${change.what}, which no stage would see: they get the input as it was sent`
  );
}

/**
 * What `_zod.def` of a schema may hold, by its `type`: the definitions that zod 4 publishes for libraries which read schemas.
 * https://zod.dev/packages/core#internals, node_modules/zod/v4/core/schemas.d.ts (`$ZodTypeDef` and those that extend it)
 */
interface Definition {
  type: string;
  /** number, string, boolean, bigint, date */
  coerce?: boolean;
  checks?: { _zod: { def: { check?: string } } }[];
  /** pipe, when it is a codec */
  transform?: unknown;
  shape?: Record<string, Schema>;
  /** object */
  catchall?: Schema;
  options?: Schema[];
  items?: Schema[];
  /** tuple */
  rest?: Schema | null;
  /** lazy */
  getter?: () => Schema;
  element?: Schema;
  innerType?: Schema;
  keyType?: Schema;
  valueType?: Schema;
  left?: Schema;
  right?: Schema;
  in?: Schema;
  out?: Schema;
}

interface Schema {
  _zod: { def: object };
}

interface Change {
  at: string;
  what: string;
}

const changing = new Set(['default', 'prefault', 'catch', 'transform', 'success']);

/** A schema that contains itself may make itself anew each time it is asked. */
const SCHEMAS_MAX = 2_000;

/** Level by level, so that one without end is left at some depth. */
function findChange(schema: Schema, at: string): Change | undefined {
  const seen = new Set([schema]);
  const open = [{ schema, at }];
  for (const { schema, at } of open) {
    const def = schema._zod.def as Definition;
    const what = changeOf(def);
    if (what !== undefined) return { at, what };
    for (const child of childrenOf(def)) {
      if (seen.has(child.schema) || seen.size >= SCHEMAS_MAX) continue;
      seen.add(child.schema);
      open.push({ schema: child.schema, at: child.name === undefined ? at : `${at}.${child.name}` });
    }
  }
  return undefined;
}

function changeOf({ type, coerce, checks, transform }: Definition): string | undefined {
  if (changing.has(type)) return type;
  if (coerce === true) return 'coerce';
  // trim, toLowerCase, toUpperCase, normalize, slugify, overwrite
  if (checks?.some(({ _zod }) => _zod.def.check === 'overwrite')) return 'trim or another overwrite';
  // Any other pipe only checks what its ends check.
  return type === 'pipe' && transform !== undefined ? 'codec' : undefined;
}

function childrenOf(def: Definition): { schema: Schema; name?: string }[] {
  // zod asks all getters of an object at once.
  const fields = Object.entries(ifDeclared(() => def.shape) ?? {}).map(([name, schema]) => ({
    name,
    schema,
  }));
  const places = (def.items ?? []).map((schema, index) => ({ name: String(index), schema }));
  const any = [def.catchall, def.rest, def.element, def.keyType, def.valueType].map((schema) => ({
    name: '*',
    schema,
  }));
  const same = [...(def.options ?? []), def.left, def.right, def.innerType, def.in, def.out, lazily(def)];
  const all = [...fields, ...places, ...any, ...same.map((schema) => ({ schema }))];
  return all.filter((child): child is { schema: Schema; name?: string } => Boolean(child.schema));
}

function lazily({ type, getter }: Definition): Schema | undefined {
  return type === 'lazy' && getter ? ifDeclared(getter) : undefined;
}

/** One that is declared further down in the file is not there yet: `z.lazy` and getters of fields may name such. */
function ifDeclared<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
