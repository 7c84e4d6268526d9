import type { OpenAPIV3_1 } from 'openapi-types';
import { statuses } from './problems';

type Schemas = NonNullable<OpenAPIV3_1.ComponentsObject['schemas']>;

const PREFIX = '#/components/schemas/';

/** What the schemas of the routes cannot say: response headers and codes; and without components that nothing uses. */
export function completeDocument(document: Partial<OpenAPIV3_1.Document>): Partial<OpenAPIV3_1.Document> {
  const complete = onlyUsed(withPlainNames(document));
  for (const path of Object.values(complete.paths ?? {})) {
    for (const operation of Object.values(path ?? {}) as OpenAPIV3_1.OperationObject[]) {
      for (const [status, response] of Object.entries(operation.responses ?? {})) {
        describeResponse(operation, status, response as OpenAPIV3_1.ResponseObject);
      }
    }
  }
  return complete;
}

const text = (description: string): OpenAPIV3_1.HeaderObject => ({ description, schema: { type: 'string' } });

function describeResponse(
  { operationId }: OpenAPIV3_1.OperationObject,
  status: string,
  response: OpenAPIV3_1.ResponseObject,
): void {
  const headers: Record<string, OpenAPIV3_1.HeaderObject> = {};
  if (operationId === 'submitJob' && status.startsWith('2')) {
    headers['Location'] = text('Where the job is.');
    headers['Idempotent-Replayed'] = text('`true` when the same request had come before.');
  }
  if (['submitJob', 'getJob'].includes(operationId ?? '') && status.startsWith('2')) {
    headers['Preference-Applied'] = text('`wait=N` as it was applied to `Prefer`.');
  }
  if (['429', '503', '504'].includes(status)) headers['Retry-After'] = text('Seconds.');
  if (status === '401') headers['WWW-Authenticate'] = text('`Bearer`');
  if (Object.keys(headers).length > 0) response.headers = headers;
  if (Number(status) < 400) return;
  const codes = Object.entries(statuses).filter(([, entry]) => String(entry.status) === status);
  const known = codes.map(([code]) => `\`${code}\``);
  response.description = known.join(', ') || (status === '431' ? '`HW_REQUEST_INVALID`' : '`HW_INTERNAL`');
}

/** Components of requests are called `...Input` where a response may have another form of them; none has. */
function withPlainNames(document: Partial<OpenAPIV3_1.Document>): Partial<OpenAPIV3_1.Document> {
  const renamed = JSON.stringify(document).replaceAll(
    /"#\/components\/schemas\/(\w+)Input"/g,
    `"${PREFIX}$1"`,
  );
  return JSON.parse(renamed) as Partial<OpenAPIV3_1.Document>;
}

function onlyUsed(document: Partial<OpenAPIV3_1.Document>): Partial<OpenAPIV3_1.Document> {
  const all = document.components?.schemas ?? {};
  const used: Schemas = {};
  const visit = (part: unknown): void => {
    for (const [, name = ''] of JSON.stringify(part).matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
      const schema = all[name];
      if (!schema || name in used) continue;
      used[name] = schema;
      visit(schema);
    }
  };
  visit(document.paths ?? {});
  return { ...document, components: { ...document.components, schemas: used } };
}
