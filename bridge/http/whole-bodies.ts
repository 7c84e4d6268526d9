import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { HeadwayError } from '../../contracts/errors';
import { noRoom, type Memory } from './memory';
import { jobTooLarge } from './too-large';

/** Whose webhooks are is not known before their body is there. */
const NOBODY = '';

/**
 * Makes requests whose body is read as a whole take memory for it: all of it before the first byte where they say how long it is, else as it arrives. They give
 * it back when they let go of their body, at the latest when their answer is ready, even if nobody is there any more to take that.
 */
export function holdBodies(app: FastifyInstance, memory: Memory): void {
  app.decorateRequest('takeForBody');
  app.decorateRequest('letGoOfBody');

  app.addHook('preParsing', (request, _reply, payload, done) => {
    const { 'content-length': length, 'transfer-encoding': coding } = request.headers;
    const { bodyLimit = 0, config } = request.routeOptions;
    const hasBody = request.method !== 'GET' && (length !== undefined || coding !== undefined);
    if (!hasBody || config.streams) return done(null, payload);
    const share = memory.share(request.caller?.name ?? NOBODY);
    let held = 0;
    let over = false;
    const take = (bytes: number): boolean => {
      if (over || !share.take(bytes)) return false;
      held += bytes;
      return true;
    };
    request.letGoOfBody = () => {
      over = true;
      request.body = undefined;
      share.giveBack(held);
      held = 0;
    };
    if (length === undefined) request.takeForBody = take;
    // One that is too long has another answer.
    const there = length === undefined ? share.hasRoom() : take(Math.min(Number(length), bodyLimit));
    // The connection stays open: who is sending a large body sees the answer only after that.
    done(there ? null : noRoom('bodies'), payload);
  });
  app.addHook('onSend', async (request) => request.letGoOfBody?.());
}

/**
 * The body of a request.
 *
 * @throws HeadwayError `HW_RECORD_TOO_LARGE`; `HW_OVERLOADED` when there is no memory for the rest of it; `HW_REQUEST_INVALID` when the connection breaks
 */
export function wholeBody(request: FastifyRequest, payload: Readable): Promise<Buffer> {
  const { bodyLimit = 0 } = request.routeOptions;
  const { takeForBody: take = () => true } = request;
  return new Promise((resolve, reject) => {
    if (Number(request.headers['content-length']) > bodyLimit) return reject(tooLarge(request, bodyLimit));
    const chunks: Buffer[] = [];
    let length = 0;
    const settle = (then: () => void): void => {
      payload.off('data', onData).off('end', onEnd).off('error', onError);
      then();
    };
    const onData = (chunk: Buffer): void => {
      length += chunk.length;
      if (length > bodyLimit) settle(() => reject(tooLarge(request, bodyLimit)));
      else if (!take(chunk.length)) settle(() => reject(noRoom('bodies')));
      else chunks.push(chunk);
    };
    const onEnd = (): void => settle(() => resolve(Buffer.concat(chunks, length)));
    const onError = (cause: Error): void =>
      settle(() => reject(new HeadwayError('HW_REQUEST_INVALID', 'the body is not all there', { cause })));
    payload.on('data', onData).on('end', onEnd).on('error', onError);
  });
}

/** The limit of webhooks has nothing to do with that of a job. */
function tooLarge({ routeOptions }: FastifyRequest, limit: number): HeadwayError {
  return routeOptions.config.signed
    ? new HeadwayError('HW_RECORD_TOO_LARGE', 'the body is too large')
    : jobTooLarge('body', limit);
}
