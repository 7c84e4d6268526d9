import { setTimeout as sleep } from 'node:timers/promises';
import { Client, defaultGrpcRetryOptions, makeGrpcRetryInterceptor } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import { HeadwayError, messageOf } from '../contracts/errors';
import type { Config } from './config/config';
import type { Logger } from './logger';
import { createDataConverter } from './payload-store/data-converter';
import { RenewingConnection } from './renewing-connection';

export interface ConnectOptions {
  logger?: Logger;
  /** Gives up waiting; the promise rejects with its reason. */
  signal?: AbortSignal;
  /**
   * A request that the server refuses since it has too much to do fails at once. Otherwise the client tries it again for up to 40 s, or
   * until its deadline, and then says only that the deadline has passed.
   */
  reportThrottling?: boolean;
}

/**
 * A client for starting and asking workflows. Waits as long as the server is away.
 *
 * @throws HeadwayError `HW_CONFIG_INVALID` when the server refuses the credentials; the reason of `signal`
 */
export async function connectTemporalClient(
  config: Config['temporal'],
  options: ConnectOptions = {},
): Promise<Client> {
  const connection = await untilConnected(config, options, () => connectOnce(config, options));
  const dataConverter = createDataConverter(config);
  return new Client({ connection, namespace: config.namespace, dataConverter });
}

/**
 * The same client for what is known to be small. One with a payload store looks through each request for what to store, which costs as much CPU
 * as to read and check a record.
 */
export function withoutPayloadStore(client: Client): Client {
  const { namespace, identity, loadedDataConverter } = client.options;
  if (!loadedDataConverter.externalStorage) return client;
  const { payloadCodecs } = loadedDataConverter;
  return new Client({ connection: client.connection, namespace, identity, dataConverter: { payloadCodecs } });
}

/** `Connection.connect` would leave its channel open, and trying, after a failure. */
async function connectOnce(
  config: Config['temporal'],
  { reportThrottling = false, logger }: ConnectOptions,
): Promise<RenewingConnection> {
  const interceptors = reportThrottling ? [makeGrpcRetryInterceptor(retriesOfDoors())] : undefined;
  const connect = { ...connectionTo(config), interceptors, connectTimeout: 3_000, channelArgs };
  const connection = new RenewingConnection({ connect, logger });
  try {
    await connection.ensureConnected();
    return connection;
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** gRPC would wait for up to two minutes between two tries, and requests would fail that long after the server is back. */
const channelArgs = { 'grpc.initial_reconnect_backoff_ms': 500, 'grpc.max_reconnect_backoff_ms': 3_000 };

/** The longest wait between two tries, in milliseconds. The client waits it to its end also where the deadline of the request comes before. */
const RETRY_MS = 1_000;

/** How requests of a door are tried again while the server is away: until their deadline, and hardly longer. What was refused is not. */
export function retriesOfDoors(): Parameters<typeof makeGrpcRetryInterceptor>[0] {
  // More than fit into any deadline.
  const usual = defaultGrpcRetryOptions({ maxAttempts: 30 });
  return {
    delayFunction: (attempt, status) => Math.min(RETRY_MS, usual.delayFunction(attempt, status)),
    retryableDecider: (attempt, status) =>
      Number(status.code) !== RESOURCE_EXHAUSTED && usual.retryableDecider(attempt, status),
  };
}

/** The connection a worker polls on. Waits and throws as `connectTemporalClient` does. */
export async function connectTemporalWorker(
  config: Config['temporal'],
  options: ConnectOptions = {},
): Promise<NativeConnection> {
  // Loaded on use: the bridge needs no worker, and its native part costs memory.
  const worker = await import('@temporalio/worker');
  return untilConnected(config, options, () => worker.NativeConnection.connect(connectionTo(config)));
}

function connectionTo({ address, apiKey, tls, metadata }: Config['temporal']) {
  return { address, apiKey, tls, metadata };
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;

async function untilConnected<T>(
  config: Config['temporal'],
  { logger, signal }: ConnectOptions,
  connect: () => Promise<T>,
): Promise<T> {
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
    signal?.throwIfAborted();
    try {
      return await connect();
    } catch (error) {
      if (isRefusal(error)) {
        throw new HeadwayError(
          'HW_CONFIG_INVALID',
          `TEMPORAL_API_KEY or the client certificate was refused by ${config.address}: ${messageOf(error)}`,
          { cause: error },
        );
      }
      logger?.warn(
        { address: config.address, retryInMs: waitMs, reason: messageOf(error) },
        'Temporal is not reachable: waiting for it',
      );
      await sleep(waitMs, undefined, { signal }).catch(() => signal?.throwIfAborted());
    }
  }
}

const RESOURCE_EXHAUSTED = 8;

/** Whether Temporal refused a request since it has too much to do. A message over the size limit has the same gRPC status. */
export function isThrottled(error: unknown): boolean {
  const { code, cause } = error as { code?: unknown; cause?: { code?: unknown } };
  if (code !== RESOURCE_EXHAUSTED && cause?.code !== RESOURCE_EXHAUSTED) return false;
  return !/larger than max/i.test(`${messageOf(error)} ${messageOf(cause)}`);
}

/** gRPC status PERMISSION_DENIED or UNAUTHENTICATED, as either of the two clients reports it. */
export function isRefusal(error: unknown): boolean {
  const { code, cause } = error as { code?: unknown; cause?: { code?: unknown } };
  if ([code, cause?.code].some((status) => status === 7 || status === 16)) return true;
  return /PermissionDenied|Unauthenticated/i.test(messageOf(error));
}
