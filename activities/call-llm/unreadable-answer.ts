import { APIConnectionError, type APIPromise } from 'openai';
import { messageOf } from '../../contracts/errors';

/** An answer came, so its call has been paid for, and the code that reads it fails. Another answer would most likely meet the same defect. */
export class UnreadableAnswerError extends Error {
  constructor(cause: unknown) {
    const name = cause instanceof Error ? `${cause.name}: ` : '';
    super(`The answer could not be read: ${name}${messageOf(cause)}`, { cause });
  }
}

/** @throws UnreadableAnswerError for whatever `read` throws */
export function reading<Value>(read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    throw new UnreadableAnswerError(error);
  }
}

/**
 * What a request of the client gives, which takes answers apart itself.
 *
 * @throws APIConnectionError for an answer that is not said to be JSON: a page of a gateway, behind which the provider is away; UnreadableAnswerError for one
 * that is JSON and that the client cannot take apart; otherwise what the client throws
 */
export async function answerOf<Answer>(request: APIPromise<Answer>): Promise<Answer> {
  // What goes wrong before is wrong with the request, or with the connection.
  const { status, headers } = await request.asResponse();
  const type = headers.get('content-type') ?? 'no type';
  const isEmpty = status === 204 || headers.get('content-length') === '0';
  if (isEmpty || !/^application\/(.+\+)?json\b/i.test(type))
    throw new APIConnectionError({ message: `the answer is no JSON (${isEmpty ? 'it is empty' : type})` });
  try {
    return await request;
  } catch (error) {
    const { name, cause } = error as Error;
    // A body that breaks off has a cause, unlike a defect.
    if (isNoJson(error) || cause !== undefined || name === 'AbortError') throw error;
    throw new UnreadableAnswerError(error);
  }
}

/** What the client throws for an answer with status 2xx that is no JSON, or half of it. By its name: it may come from outside of a test's sandbox. */
export function isNoJson(error: unknown): boolean {
  return (error as Partial<Error> | undefined)?.name === 'SyntaxError';
}
