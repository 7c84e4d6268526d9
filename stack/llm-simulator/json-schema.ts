/** The keywords of JSON Schema that the simulator looks at. */
export interface JsonSchema {
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: boolean | JsonSchema;
  minProperties?: number;
  items?: JsonSchema | JsonSchema[] | boolean;
  prefixItems?: JsonSchema[];
  minItems?: number;
  maxItems?: number;
  uniqueItems?: boolean;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  format?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  multipleOf?: number;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  allOf?: JsonSchema[];
  $ref?: string;
}

/** The schema with its `$ref` replaced by what it points to and its `allOf` merged in. */
export function resolveSchema(schema: JsonSchema, root: JsonSchema): JsonSchema {
  let resolved = schema;
  for (let hops = 0; resolved.$ref !== undefined && hops < 20; hops++) {
    const { $ref, ...siblings } = resolved;
    resolved = mergeSchemas(lookUp($ref, root), siblings);
  }
  if (!resolved.allOf) return resolved;
  const { allOf, ...rest } = resolved;
  return allOf.reduce<JsonSchema>((merged, part) => mergeSchemas(merged, resolveSchema(part, root)), rest);
}

/** Both schemas in one: properties and required names together, otherwise the second wins. */
export function mergeSchemas(first: JsonSchema, second: JsonSchema): JsonSchema {
  const merged: JsonSchema = { ...first, ...second };
  if (first.properties && second.properties)
    merged.properties = { ...first.properties, ...second.properties };
  if (first.required && second.required)
    merged.required = [...new Set([...first.required, ...second.required])];
  return merged;
}

/** The types a schema allows; told from its other keywords where it does not say. */
export function typesOf(schema: JsonSchema): string[] {
  if (schema.type !== undefined) return Array.isArray(schema.type) ? schema.type : [schema.type];
  if (schema.properties || schema.required || schema.additionalProperties !== undefined) return ['object'];
  if (schema.items !== undefined || schema.prefixItems || schema.minItems !== undefined) return ['array'];
  if (schema.minimum !== undefined || schema.maximum !== undefined || schema.multipleOf !== undefined)
    return ['number'];
  return ['string'];
}

function lookUp(reference: string, root: JsonSchema): JsonSchema {
  let found: unknown = root;
  for (const step of reference.split('/').slice(1)) {
    const key = decodeURIComponent(step).replace(/~1/g, '/').replace(/~0/g, '~');
    found = (found as Record<string, unknown> | undefined)?.[key];
  }
  return found ?? {};
}

/** Every text that an `enum` somewhere in the schema allows. */
export function enumValuesOf(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const own = Array.isArray((schema as JsonSchema).enum) ? (schema as JsonSchema).enum! : [];
  const texts = own.filter((value) => typeof value === 'string');
  return [...new Set([...texts, ...Object.values(schema).flatMap(enumValuesOf)])];
}
