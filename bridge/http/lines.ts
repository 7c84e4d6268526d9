import { SMALL_BYTES, type Share } from './memory';

/** One line of a stream; the first has number 1. `bytes` is absent when it was longer than allowed. */
export interface Line {
  number: number;
  bytes?: Buffer;
}

const NEWLINE = 0x0a;

/**
 * The lines of a stream, empty ones left out. What is beyond `maxBytes` of a line is not kept. Waits for memory for each of them, which is for
 * whoever gets the line to give back. While a line is read there is memory for the longest one, or it is small: so none waits for memory that
 * is held by another one that waits.
 */
export async function* linesOf(
  stream: AsyncIterable<Buffer>,
  maxBytes: number,
  memory: Pick<Share, 'takeInTurn' | 'giveBack'>,
): AsyncGenerator<Line> {
  let parts: Buffer[] = [];
  let length = 0;
  let held = 0;
  let number = 1;
  const hold = async (bytes: number) => {
    if (bytes > held) await memory.takeInTurn(bytes - held);
    else memory.giveBack(held - bytes);
    held = bytes;
  };
  const add = async (part: Buffer) => {
    length += part.length;
    if (length <= maxBytes) parts.push(part);
    else parts = [];
    if (length > SMALL_BYTES) await hold(length <= maxBytes ? maxBytes : 0);
  };
  const take = async (): Promise<Line | undefined> => {
    const line: Line = length > maxBytes ? { number } : { number, bytes: Buffer.concat(parts) };
    const blank = line.bytes && isBlank(line.bytes);
    await hold(blank ? 0 : (line.bytes?.length ?? 0));
    held = 0;
    parts = [];
    length = 0;
    number++;
    return blank ? undefined : line;
  };
  try {
    for await (const chunk of stream) {
      let from = 0;
      for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
        await add(chunk.subarray(from, end));
        from = end + 1;
        const line = await take();
        if (line) yield line;
      }
      if (from < chunk.length) await add(chunk.subarray(from));
    }
    const last = length > 0 ? await take() : undefined;
    if (last) yield last;
  } finally {
    memory.giveBack(held);
  }
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}
