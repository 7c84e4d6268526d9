import { ApiError } from './api-error';
import type { JsonSchema } from './json-schema';

// https://platform.openai.com/docs/guides/structured-outputs#supported-schemas. `uri` is not among them: a zod
// schema with z.url() is refused by the real API, so it is refused here as well.
const formats = ['date-time', 'time', 'date', 'duration', 'email', 'hostname', 'ipv4', 'ipv6', 'uuid'];
const forbidden = [
  'allOf', 'oneOf', 'not', 'if', 'then', 'else', 'dependentRequired', 'dependentSchemas', 'patternProperties',
  'uniqueItems', 'contains', 'propertyNames', 'minProperties', 'maxProperties', 'unevaluatedProperties',
]; // prettier-ignore

/**
 * What the real API checks before it accepts a schema with `strict: true`.
 * @throws ApiError 400 in the words of the real API
 */
export function checkStrictSchema(name: string, schema: JsonSchema): void {
  function fail(path: string[], problem: string): never {
    const steps = path.map((step) => `'${step}'`).join(', ');
    const context = path.length === 1 ? `(${steps},)` : `(${steps})`;
    throw new ApiError(400, {
      message: `Invalid schema for response_format '${name}': In context=${context}, ${problem}`,
      param: 'text.format.schema',
      code: 'invalid_json_schema',
    });
  }

  function check(node: JsonSchema, path: string[]): void {
    const unwanted = forbidden.find((keyword) => keyword in node);
    if (unwanted) fail(path, `'${unwanted}' is not permitted.`);
    if (node.format && !formats.includes(node.format)) fail(path, `'${node.format}' is not a valid format.`);
    if ([node.type].flat().includes('object') || node.properties) checkObject(node, path);
    if (node.items && typeof node.items === 'object' && !Array.isArray(node.items))
      check(node.items, [...path, 'items']);
    node.anyOf?.forEach((branch, index) => check(branch, [...path, 'anyOf', String(index)]));
    for (const group of ['$defs', 'definitions'] as const) {
      const schemas = (node as Record<string, Record<string, JsonSchema> | undefined>)[group] ?? {};
      for (const [key, child] of Object.entries(schemas)) check(child, [...path, group, key]);
    }
  }

  function checkObject(node: JsonSchema, path: string[]): void {
    if (node.additionalProperties !== false) {
      fail(path, `'additionalProperties' is required to be supplied and to be false.`);
    }
    for (const [key, child] of Object.entries(node.properties ?? {})) {
      if (!node.required?.includes(key)) {
        const rule = `'required' is required to be supplied and to be an array including every key in properties.`;
        fail(path, `${rule} Missing '${key}'.`);
      }
      check(child, [...path, 'properties', key]);
    }
  }

  if (schema.type !== 'object') {
    fail([], `schema must be a JSON Schema of 'type: "object"', got 'type: "${String(schema.type)}"'.`);
  }
  check(schema, []);
}
