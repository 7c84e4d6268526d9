import { isGrpcServiceError, ServiceError, type Client } from '@temporalio/client';
import { HeadwayError, messageOf } from '../../contracts/errors';

/** Longest wait for Temporal's answer, where somebody waits for ours. */
export const REQUEST_MS = 5_000;

/** gRPC: DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED, INTERNAL, UNAVAILABLE, CANCELLED. https://grpc.io/docs/guides/status-codes/ */
const passing = new Set([1, 4, 8, 10, 13, 14]);

/**
 * Asks Temporal, for so many milliseconds at the longest.
 *
 * @throws HeadwayError `HW_SERVER_UNREACHABLE` when it does not answer, or has too much to do; otherwise what `request` throws
 */
export async function reachable<T>(client: Client, ms: number, request: () => Promise<T>): Promise<T> {
  try {
    return await client.withDeadline(Date.now() + ms, request);
  } catch (error) {
    if (!isAway(error)) throw error;
    const reason = messageOf((error as Error).cause ?? error);
    throw new HeadwayError('HW_SERVER_UNREACHABLE', `Temporal does not answer: ${reason}`, { cause: error });
  }
}

/** Whether an error of the client says that the server is away, or has too much to do. */
export function isAway(error: unknown): boolean {
  return passing.has(grpcCode(error) ?? -1);
}

/** The status that the server gave, however often the error was wrapped since. https://grpc.io/docs/guides/status-codes/ */
export function grpcCode(error: unknown): number | undefined {
  const cause = error instanceof HeadwayError ? error.cause : error;
  const grpc = cause instanceof ServiceError ? cause.cause : cause;
  return isGrpcServiceError(grpc) ? grpc.code : undefined;
}
