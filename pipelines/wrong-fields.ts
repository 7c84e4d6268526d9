import { unknownFields } from './unknown-fields';

/** What a field of a definition is: one that must be there, one that may be left out, or something that is looked at elsewhere. */
export type FieldKind = 'schema' | 'function' | 'optional function' | 'checked elsewhere';

/**
 * What keeps something from being the definition of a pipeline, as far as its fields and their kinds go; undefined when nothing does. Where nothing
 * compiles, nothing else would look.
 *
 * @param kinds of all fields that a pipeline can have
 */
export function wrongFields(definition: object, kinds: Record<string, FieldKind>): string | undefined {
  const unknown = unknownFields(definition, Object.keys(kinds));
  if (unknown !== undefined) return unknown;
  for (const [field, kind] of Object.entries(kinds)) {
    const problem = wrongKind((definition as Record<string, unknown>)[field], kind);
    if (problem !== undefined) return `${field}: ${problem}`;
  }
  return undefined;
}

function wrongKind(value: unknown, kind: FieldKind): string | undefined {
  switch (kind) {
    case 'schema':
      return isSchema(value) ? undefined : 'must be a schema of zod 4, such as z.strictObject({ ... })';
    case 'function':
      return typeof value === 'function' ? undefined : 'must be a function';
    case 'optional function':
      return value === undefined || typeof value === 'function'
        ? undefined
        : 'must be a function, or left out';
    case 'checked elsewhere':
      return undefined;
  }
}

/** Of any copy of zod 4. Schemas of zod 3 have no `_zod`. https://zod.dev/library-authors#how-to-differentiate-between-zod-3-and-zod-4 */
function isSchema(value: unknown): boolean {
  const { _zod, safeParse } = (value ?? {}) as { _zod?: { def?: unknown }; safeParse?: unknown };
  return _zod?.def !== undefined && typeof safeParse === 'function';
}
