import * as fc from 'fast-check';
import { jobRequestFields } from '../../../contracts/job-request';
import type { PublishedDocument } from './published-document';
import { brief } from './support';

/** Any text, and such as has a meaning in paths, queries and headers. */
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.constantFrom(
    '.',
    'a:cancel',
    '%',
    '%2f',
    '../..',
    'x\n:retry',
    '\u0000',
    '1',
    '-1',
    '2026-01-01T00:00:00Z',
    'queued',
    '9'.repeat(300),
  ),
);
/** A value that a schema may or may not allow. */
const value = fc.oneof(fc.jsonValue({ maxDepth: 2 }), text);

/** A job request of which some fields are anything. */
const body = fc.oneof(
  fc
    .tuple(
      fc.dictionary(fc.constantFrom(...Object.keys(jobRequestFields.shape), 'more'), value, { maxKeys: 3 }),
    )
    .map(([odd]) => JSON.stringify(brief(odd))),
  fc.jsonValue().map((json) => JSON.stringify(json)),
  fc.string(),
);

export interface MadeUpRequest {
  method: string;
  path: string;
  query: Record<string, string>;
  headers: Record<string, string>;
  type: string;
  body: string;
}

/** A request for a route of the published document, its parameters and body made up. */
export function requestsFor({ document }: Pick<PublishedDocument, 'document'>): fc.Arbitrary<MadeUpRequest> {
  const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters = [] }]) => ({
      path,
      method: method.toUpperCase(),
      parameters,
    })),
  );
  return fc.constantFrom(...routes).chain(({ path, method, parameters }) =>
    fc.record({
      method: fc.oneof(
        { weight: 9, arbitrary: fc.constant(method) },
        { weight: 1, arbitrary: fc.constantFrom('PUT', 'PATCH', 'DELETE') },
      ),
      path: text.map((id) => path.replace('{id}', encodeURIComponent(id || 'x'))),
      query: fc.dictionary(fc.constantFrom(...parameters.map(({ name }) => name), 'other'), text, {
        maxKeys: 3,
      }),
      headers: fc.dictionary(
        fc.constantFrom('prefer', 'idempotency-key', 'last-event-id', 'traceparent'),
        fc.oneof(
          fc.constantFrom('wait=0', 'wait=x', ' '),
          fc.string({ maxLength: 300 }).filter((one) => /^[ -~]*$/.test(one)),
        ),
        { maxKeys: 2 },
      ),
      type: fc.constantFrom(
        path.endsWith(':batch') ? 'application/x-ndjson' : 'application/json',
        path.endsWith(':batch') ? 'application/x-ndjson' : 'application/json',
        'text/plain',
      ),
      body,
    }),
  );
}

/** The waits that a request may prefer end at once. */
export const noLongWait = (headers: Record<string, string>) =>
  Object.fromEntries(
    Object.entries(headers).map(([name, one]) => [name, /wait\s*=\s*"?[1-9]/i.test(one) ? 'wait=0' : one]),
  );
