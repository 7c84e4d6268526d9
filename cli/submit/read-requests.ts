import { readJson } from '../../bridge/kafka/read-json';
import { HeadwayError } from '../../contracts/errors';
import { jsonErrorLine } from './json-error-line';
import { splitLines, type Line } from './split-lines';

/** A job request as it stands in a file, or came in through a pipe; not looked at yet. */
export interface RawRequest {
  /** Of the line it stands in, or its place in the array; from 1 on. */
  number: number;
  /** For messages: `line 3`, `item 2`. */
  place: string;
  bytes: Buffer;
}

/** A document of several lines is read at once. */
const DOCUMENT_MAX_BYTES = 64 * 1024 * 1024;

/**
 * Job requests out of any of three forms, told apart by the first line: one object a line (these come as they are read), one object over several
 * lines, an array of objects.
 *
 * @throws HeadwayError naming the line, for a document that is not JSON
 */
export async function* readRequests(source: AsyncIterable<Buffer | string>): AsyncGenerator<RawRequest> {
  const lines = splitLines(source);
  const first = await lines.next();
  if (first.done) return;
  if (!isOneOfMany(first.value)) {
    yield* readDocument(await collect(first.value, lines));
    return;
  }
  yield fromLine(first.value);
  for await (const line of lines) yield fromLine(line);
}

function isOneOfMany({ bytes }: Line): boolean {
  try {
    return !Array.isArray(JSON.parse(bytes.toString()));
  } catch {
    return false;
  }
}

function fromLine({ number, bytes }: Line): RawRequest {
  return { number, place: `line ${number}`, bytes };
}

/** Line ends stay where they were, so that the number of a line is right. */
async function collect(first: Line, lines: AsyncIterable<Line>): Promise<Buffer> {
  const parts: Buffer[] = [];
  let at = 1;
  let bytes = 0;
  const add = (line: Line) => {
    const ends = Buffer.alloc(line.number - at, '\n');
    at = line.number;
    bytes += ends.length + line.bytes.length;
    parts.push(ends, line.bytes);
    if (bytes <= DOCUMENT_MAX_BYTES) return;
    throw new HeadwayError(
      'HW_RECORD_TOO_LARGE',
      `line ${first.number} is no JSON object, and a document of several lines may have ${DOCUMENT_MAX_BYTES} bytes: send one object a line`,
    );
  };
  add(first);
  for await (const line of lines) add(line);
  return Buffer.concat(parts);
}

function* readDocument(bytes: Buffer): Generator<RawRequest> {
  const json = parse(bytes);
  if (!Array.isArray(json)) {
    yield { number: 1, place: 'the document', bytes };
    return;
  }
  for (const [index, item] of json.entries()) {
    const number = index + 1;
    yield { number, place: `item ${number}`, bytes: Buffer.from(JSON.stringify(item)) };
  }
}

function parse(bytes: Buffer): unknown {
  try {
    return readJson(bytes);
  } catch (error) {
    if (!(error instanceof HeadwayError) || error.code !== 'HW_RECORD_NOT_JSON') throw error;
    const line = jsonErrorLine(bytes.toString());
    throw new HeadwayError(error.code, error.message.replace('the record value', `line ${line}`));
  }
}
