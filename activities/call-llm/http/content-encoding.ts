import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, inflateRaw } from 'node:zlib';

/** What `decodeBody` can read, to be sent with a request. */
export const acceptEncoding = { 'accept-encoding': 'gzip, deflate, br' };

type Decode = (bytes: Buffer) => Promise<Buffer>;

const zlibInflate = promisify(inflate);
const rawInflate = promisify(inflateRaw);
const unzip: Decode = promisify(gunzip);

const decoders: Record<string, Decode> = {
  gzip: unzip,
  'x-gzip': unzip,
  br: promisify(brotliDecompress),
  // Some servers leave out the header of zlib, whose first byte names method 8. https://www.rfc-editor.org/rfc/rfc9110#section-8.4.1.2
  deflate: (bytes) => ((bytes[0]! & 0x0f) === 0x08 ? zlibInflate(bytes) : rawInflate(bytes)),
};

/**
 * The body as it was before it was encoded for the way.
 *
 * @param encoding the header `content-encoding`
 * @throws Error for an encoding that was not asked for, and for bytes that are not encoded so
 */
export async function decodeBody(bytes: Buffer, encoding: string | null): Promise<Buffer> {
  if (encoding === null || bytes.length === 0) return bytes;
  let decoded = bytes;
  // The last one was applied last.
  for (const name of encoding.toLowerCase().split(',').reverse()) {
    const known = name.trim();
    if (known === 'identity' || known === '') continue;
    const decode = decoders[known];
    if (!decode) throw new Error(`the answer has the content encoding ${known}, which was not asked for`);
    decoded = await decode(decoded);
  }
  return decoded;
}
