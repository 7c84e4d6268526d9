/** Thrown by `enrich` or `postProcess` of a pipeline when repeating would change nothing: the job fails at once. */
export class PermanentError extends Error {
  /** What it is recognised by, also from another copy of Headway. */
  override readonly name = 'PermanentError';
}

/**
 * Thrown by `enrich` or `postProcess` when a system the stage needs is away. That is nobody's fault: the job waits until
 * it is back, however often the stage has to be tried. `context.database` throws it by itself.
 */
export class UnavailableError extends Error {
  /** What it is recognised by, also from another copy of Headway. */
  override readonly name = 'UnavailableError';
}

export function isPermanent(error: unknown): boolean {
  return error instanceof Error && error.name === 'PermanentError';
}

/** What Node.js calls trouble with the network. https://nodejs.org/api/errors.html#common-system-errors */
const networkCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_SOCKET',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Whether an error, or what caused it, says that another system cannot be reached. */
export function isUnavailable(error: unknown): boolean {
  for (let inner = error, depth = 0; inner instanceof Error && depth < 5; inner = inner.cause, depth++) {
    // By name: a pipeline from elsewhere may have another copy of this file.
    if (inner.name === 'UnavailableError') return true;
    if (networkCodes.has(String((inner as NodeJS.ErrnoException).code))) return true;
  }
  return false;
}
