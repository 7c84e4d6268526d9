import Ajv, { type ValidateFunction } from 'ajv/dist/2020';

interface Operation {
  operationId: string;
  summary: string;
  parameters?: { name: string; in: string; schema: Record<string, unknown> }[];
  responses: Record<string, { content?: Record<string, unknown> }>;
}

interface Document {
  paths: Record<string, Record<string, Operation>>;
}

/** What was answered, and which route of the document it belongs to. */
export interface Exchange {
  method: string;
  path: string;
  status: number;
  type: string | null;
  text: string;
}

/** The document as a door publishes it, and a check of answers against it that knows nothing of the code behind. */
export interface PublishedDocument {
  document: Document;
  /** `operation status` of each kind of answer that is described. */
  described: string[];
  /** The same of those that were checked. */
  seen: Set<string>;
  /** Fails when the answer is not one that is described. Paths that are not in the document may only answer with a problem. */
  check(exchange: Exchange): void;
}

export async function readPublishedDocument(address: string): Promise<PublishedDocument> {
  const document = (await (await fetch(`${address}/openapi.json`)).json()) as Document;
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema(document, 'openapi');
  const compiled = new Map<string, ValidateFunction>();
  const validator = (pointer: string): ValidateFunction => {
    const found = compiled.get(pointer) ?? ajv.compile({ $ref: `openapi#${pointer}` });
    compiled.set(pointer, found);
    return found;
  };
  const expectValid = (pointer: string, value: unknown): void => {
    const validate = validator(pointer);
    if (!validate(value))
      throw new Error(`${JSON.stringify(value)} is not ${pointer}: ${ajv.errorsText(validate.errors)}`);
  };
  const templates = Object.keys(document.paths).map((template) => ({
    template,
    pattern: new RegExp(`^${template.replace(/\{\w+\}/g, '[^/]+?')}$`),
  }));
  const seen = new Set<string>();

  return {
    document,
    described: Object.values(document.paths).flatMap((path) =>
      Object.values(path).flatMap(({ operationId, responses }) =>
        Object.keys(responses).map((status) => `${operationId} ${status}`),
      ),
    ),
    seen,
    check({ method, path, status, type, text }) {
      const name = method.toLowerCase();
      const plain = path.split('?', 1)[0] ?? '';
      // Of `/v1/jobs/{id}:cancel` and `/v1/jobs/{id}` both may fit: the longer one is meant, where it knows the method.
      const found = templates
        .filter(({ template, pattern }) => pattern.test(plain) && document.paths[template]?.[name])
        .sort((a, b) => b.template.length - a.template.length)[0];
      const operation = found && document.paths[found.template]?.[name];
      if (!found || !operation) {
        if (status >= 400) expectValid('/components/schemas/Problem', JSON.parse(text));
        return;
      }
      const response = operation.responses[String(status)];
      if (!response)
        throw new Error(`${operation.operationId} answered ${status}, which is not described: ${text}`);
      seen.add(`${operation.operationId} ${status}`);
      if (!response.content) {
        if (text !== '') throw new Error(`${operation.operationId} ${status} has a body: ${text}`);
        return;
      }
      const media = (type ?? '').split(';', 1)[0] ?? '';
      if (!response.content[media])
        throw new Error(`${operation.operationId} answered ${media}, which is not described`);
      const pointer = `/paths/${escaped(found.template)}/${name}/responses/${status}/content/${escaped(media)}/schema`;
      for (const value of valuesOf(media, text)) {
        if (media === 'text/event-stream') expectValid(`/components/schemas/${value.event}`, value.data);
        else expectValid(pointer, value.data);
      }
    },
  };
}

const escaped = (part: string) => encodeURIComponent(part.replace(/~/g, '~0').replace(/\//g, '~1'));

function valuesOf(media: string, text: string): { event?: string; data: unknown }[] {
  if (media === 'application/x-ndjson') {
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => ({ data: JSON.parse(line) as unknown }));
  }
  if (media !== 'text/event-stream') return [{ data: JSON.parse(text) as unknown }];
  return eventsIn(text).map(({ event, data }) => ({ event: event === 'job' ? 'Job' : 'Problem', data }));
}

export interface ServerSentEvent {
  id?: string;
  event: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- what a test expects of it says what it is
  data: any;
}

/** The complete events in a text, comments and fields without data left out. */
export function eventsIn(text: string): ServerSentEvent[] {
  return text
    .split('\n\n')
    .slice(0, -1)
    .map(
      (block) =>
        new Map(
          block
            .split('\n')
            .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
        ),
    )
    .filter((fields) => fields.has('data'))
    .map((fields) => ({
      id: fields.get('id'),
      event: fields.get('event') ?? 'message',
      data: JSON.parse(fields.get('data') ?? '') as unknown,
    }));
}
