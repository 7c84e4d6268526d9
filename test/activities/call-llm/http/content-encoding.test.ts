import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { createHttpFetch } from '../../../../activities/call-llm/http/http-fetch';
import { openServer } from './local-server';

const text = '{"text":"grüße"}';

async function answerWith(encoding: string, bytes: Buffer): Promise<{ asked?: string; text: string }> {
  const server = await openServer((_, answer) => answer.setHeader('content-encoding', encoding).end(bytes));
  try {
    const answer = await createHttpFetch()(server.origin);
    return { asked: server.requests[0]!.headers['accept-encoding'] as string, text: await answer.text() };
  } finally {
    await server.close();
  }
}

test.each([
  ['gzip', gzipSync(text)],
  ['x-gzip', gzipSync(text)],
  ['br', brotliCompressSync(text)],
  ['deflate', deflateSync(text)],
  ['deflate', deflateRawSync(text)],
  ['gzip, BR', brotliCompressSync(gzipSync(text))],
  ['identity', Buffer.from(text)],
  ['gzip', Buffer.alloc(0)],
])('an answer that is encoded is read: %s', async (encoding, bytes) => {
  const answer = await answerWith(encoding, bytes);
  expect(answer.asked).toBe('gzip, deflate, br');
  expect(answer.text).toBe(bytes.length === 0 ? '' : text);
});

test.each([
  ['zstd', Buffer.from(text), 'zstd'],
  ['gzip', Buffer.from(text), 'incorrect header check'],
])('one that cannot be read fails: %s', async (encoding, bytes, said) => {
  const error = await answerWith(encoding, bytes).catch((e: unknown) => e);
  expect(error).toMatchObject({ message: 'fetch failed', cause: { message: expect.stringContaining(said) } });
});
