import Ajv, { type AnySchema } from 'ajv';
import { asyncApiDocument } from '../../contracts/async-api';

export const topics = { queue: 'queue', results: 'results', deadLetters: 'dlq', parking: 'parked' };

type Part = 'headers' | 'payload';
interface Documented {
  components: { messages: Record<string, Record<Part, AnySchema>> };
}

const document = asyncApiDocument({ topics, version: '0.0.0' }) as unknown as Documented;
// Formats are named for readers; the patterns beside them check more.
const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
ajv.addSchema({ $id: 'doc', ...document });

/** What is wrong with the headers or the payload of a record, by the AsyncAPI document; empty when nothing is. */
export function againstDocument(message: string, part: Part, value: unknown): string[] {
  const validate = ajv.getSchema(`doc#/components/messages/${message}/${part}`);
  if (!validate) throw new Error(`the document has no ${part} of a message ${message}`);
  void validate(value);
  return (validate.errors ?? []).map(({ instancePath, message: text }) => `${instancePath} ${text}`);
}
