import { z } from 'zod';
import { messageOf } from '../contracts/errors';

type JsonSchema = z.core.JSONSchema.BaseSchema;

/**
 * Why a response schema cannot be sent as a strict JSON schema, or undefined. Found when the pipeline is defined, so
 * that it is not the first job that finds it. What the provider accepts beyond that is its own affair.
 */
export function responseSchemaProblem(schema: z.ZodType): string | undefined {
  let json: JsonSchema;
  try {
    json = z.toJSONSchema(schema);
  } catch (error) {
    return `response: ${messageOf(error)}`;
  }
  if (json.type !== 'object') return 'response: must be an object, and not a union of objects';
  const optional = optionalField(json, 'response');
  return optional && `${optional}: must be required; use .nullable() instead of .optional()`;
}

function optionalField(schema: JsonSchema, at: string): string | undefined {
  const fields = Object.entries(schema.properties ?? {}).map(([name, field]) => ({ name, field }));
  const missing = fields.find(({ name }) => !schema.required?.includes(name));
  if (missing) return `${at}.${missing.name}`;

  const children = [
    ...fields.map(({ name, field }) => ({ at: `${at}.${name}`, schema: field })),
    ...[
      schema.items,
      ...(schema.anyOf ?? []),
      ...(schema.oneOf ?? []),
      ...Object.values(schema.$defs ?? {}),
    ].map((child) => ({ at, schema: child })),
  ];
  for (const child of children) {
    const found = isSchema(child.schema) ? optionalField(child.schema, child.at) : undefined;
    if (found) return found;
  }
  return undefined;
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
