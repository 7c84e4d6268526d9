import { HeadwayError } from '../../contracts/errors';

/** The largest job has 21 MiB. */
const LINE_MAX_BYTES = 32 * 1024 * 1024;

export interface Line {
  /** From 1 on. */
  number: number;
  bytes: Buffer;
}

/**
 * Lines as they come, without their ends, blank ones left out.
 *
 * @throws HeadwayError `HW_RECORD_TOO_LARGE` for a line that no job can have
 */
export async function* splitLines(source: AsyncIterable<Buffer | string>): AsyncGenerator<Line> {
  let number = 0;
  let begun: Buffer[] = [];
  let begunBytes = 0;
  for await (const chunk of source) {
    let rest = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    for (let end = rest.indexOf(0x0a); end !== -1; end = rest.indexOf(0x0a)) {
      begun.push(rest.subarray(0, end));
      yield* finish();
      rest = rest.subarray(end + 1);
    }
    begun.push(rest);
    begunBytes += rest.length;
    if (begunBytes <= LINE_MAX_BYTES) continue;
    throw new HeadwayError(
      'HW_RECORD_TOO_LARGE',
      `line ${number + 1} has more than ${LINE_MAX_BYTES} bytes, which no job may have`,
    );
  }
  yield* finish();

  function* finish(): Generator<Line> {
    number += 1;
    const bytes = trimmed(Buffer.concat(begun), number);
    begun = [];
    begunBytes = 0;
    if (bytes.length > 0) yield { number, bytes };
  }
}

const BYTE_ORDER_MARK = Buffer.from('\ufeff');

/** JSON knows no other white space at the ends of a line. */
function trimmed(bytes: Buffer, number: number): Buffer {
  const marked = number === 1 && bytes.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK);
  let from = marked ? BYTE_ORDER_MARK.length : 0;
  let to = bytes.length;
  while (from < to && isSpace(bytes[from])) from += 1;
  while (from < to && isSpace(bytes[to - 1])) to -= 1;
  return bytes.subarray(from, to);
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0d;
}
