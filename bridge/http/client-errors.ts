import type { Socket } from 'node:net';
import { STATUS_CODES } from 'node:http';
import { errorCodes, type ErrorCode } from '../../contracts/errors';
import type { Problem } from '../../contracts/problem';
import { PROBLEM_JSON } from './problems';

/**
 * Answers what is not even an HTTP request, or did not become one in time. Where that would look like a part of another answer, or like the
 * answer to another request, the connection is closed without a word.
 */
export function answerClientError(
  error: Error & { code?: string },
  socket: Socket,
  isAnswering: boolean,
): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const [code, status, detail] = kinds[error.code ?? ''] ?? malformed;
  if (!socket.writable || isAnswering) return void socket.destroy();
  const { meaning, action } = errorCodes[code];
  const problem: Problem = {
    type: `urn:headway:problem:${code}`,
    title: meaning,
    status,
    detail,
    code,
    action,
  };
  const body = JSON.stringify(problem);
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: ${PROBLEM_JSON}\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}

const malformed: [ErrorCode, number, string] = ['HW_REQUEST_INVALID', 400, 'this is not an HTTP request'];
const kinds: Record<string, [ErrorCode, number, string]> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['HW_REQUEST_TIMEOUT', 408, 'the headers did not arrive in time'],
  HPE_HEADER_OVERFLOW: ['HW_REQUEST_INVALID', 431, 'path and headers together are too long'],
};
