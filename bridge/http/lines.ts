/** One line of a stream; the first has number 1. `bytes` is absent when it was longer than allowed. */
export interface Line {
  number: number;
  bytes?: Buffer;
}

const NEWLINE = 0x0a;

/** The lines of a stream, empty ones left out. What is beyond `maxBytes` of a line is not kept. */
export async function* linesOf(stream: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Line> {
  let parts: Buffer[] = [];
  let length = 0;
  let number = 1;
  const add = (part: Buffer) => {
    length += part.length;
    if (length <= maxBytes) parts.push(part);
    else parts = [];
  };
  const take = (): Line | undefined => {
    const line: Line = length > maxBytes ? { number } : { number, bytes: Buffer.concat(parts) };
    parts = [];
    length = 0;
    number++;
    return line.bytes && isBlank(line.bytes) ? undefined : line;
  };
  for await (const chunk of stream) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      add(chunk.subarray(from, end));
      from = end + 1;
      const line = take();
      if (line) yield line;
    }
    if (from < chunk.length) add(chunk.subarray(from));
  }
  const last = length > 0 ? take() : undefined;
  if (last) yield last;
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}
