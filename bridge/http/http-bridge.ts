import type { AddressInfo } from 'node:net';
import { getHeapStatistics } from 'node:v8';
import { HeadwayError, messageOf } from '../../contracts/errors';
import type { Pipeline } from '../../pipelines/define-pipeline';
import type { Config } from '../../runtime/config/config';
import type { Logger } from '../../runtime/logger';
import type { HttpMetrics } from '../../runtime/metrics';
import type { Jobs } from '../jobs/jobs';
import { createApp } from './app';
import { createMemories } from './memory';
import { createPlaces } from './places';
import { createSubmitter } from './submit';
import { createWaits } from './waits';
import type { WebhookOptions } from './webhook-route';
import type { ServerWatch } from '../../runtime/watch-server';

export interface HttpBridgeOptions {
  config: Config['http'];
  /** The jobs of one tenant, or all jobs. */
  jobsOf: (tenant?: string) => Jobs;
  pipelines: readonly Pipeline[];
  pipelineNamed: (name: string) => Pipeline;
  /** Largest body, and largest line of a batch. */
  bodyMaxBytes: number;
  /** Requests are refused at once while it says that Temporal is away. */
  temporal?: ServerWatch;
  /** The document of the topics, as `asyncApiDocument` makes it. */
  asyncApi: object;
  /** Takes webhooks of the LLM provider. */
  webhooks?: WebhookOptions;
  metrics: HttpMetrics;
  logger: Logger;
  /** Milliseconds between two signs of life in a stream of events. */
  heartbeatMs?: number;
  headersTimeoutMs?: number;
  /** Bytes that requests may have in hand together. Default: an eighth of the heap. */
  memoryBytes?: number;
  bodyTimeoutMs?: number;
}

export interface HttpBridge {
  /**
   * Begins to listen.
   *
   * @returns `http://host:port`
   * @throws HeadwayError `HW_CONFIG_INVALID` when the address cannot be listened on
   */
  listen(): Promise<string>;
  /** Takes nothing new, ends streams and waits, and lets the other requests end, for at most 20 s. */
  stop(): Promise<void>;
}

const DRAIN_MS = 20_000;

/** Until its job is durable a body of 20 MB takes 150 MB, some of it outside the heap: as text, parsed, checked and encoded. */
const PART_OF_HEAP = 1 / 8;

/** The HTTP door: starts jobs and shows them. */
export async function createHttpBridge(options: HttpBridgeOptions): Promise<HttpBridge> {
  const { config, jobsOf, pipelines, pipelineNamed, metrics, logger, temporal } = options;
  const closing = new AbortController();
  const several = (config.apiKeys?.length ?? 0) > 1;
  const places = createPlaces({
    total: config.maxStreams,
    each: several ? Math.ceil(config.maxStreams / 2) : config.maxStreams,
  });
  const memory = createMemories({
    bytes: options.memoryBytes ?? getHeapStatistics().heap_size_limit * PART_OF_HEAP,
    bodyMaxBytes: options.bodyMaxBytes,
    severalCallers: several,
  });
  const app = await createApp({
    door: {
      jobsOf,
      submit: createSubmitter({
        jobsOf,
        pipelineNamed,
        concurrency: config.startConcurrency,
        temporal,
        metrics,
      }),
      waits: createWaits({ jobsOf, places, metrics, closing: closing.signal }),
      places,
      memory,
      pipelines,
      pipelineNamed,
      bodyMaxBytes: options.bodyMaxBytes,
      heartbeatMs: options.heartbeatMs ?? 15_000,
      closing: closing.signal,
      metrics,
      logger,
    },
    apiKeys: config.apiKeys,
    ratePerMinute: config.ratePerMinute,
    asyncApi: options.asyncApi,
    webhooks: options.webhooks,
    headersTimeoutMs: options.headersTimeoutMs,
    bodyTimeoutMs: options.bodyTimeoutMs,
  });
  app.server.maxConnections = config.maxConnections;
  let answering = 0;
  app.server.on('request', (_request, response) => {
    answering++;
    response.once('close', () => answering--);
  });

  return {
    async listen() {
      try {
        await app.listen({ host: config.host, port: config.port });
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        const name = code === 'EADDRINUSE' || code === 'EACCES' ? 'HTTP_PORT' : 'HTTP_HOST';
        const instead = name === 'HTTP_PORT' ? ' Another one may do, and HTTP_PORT=0 takes a free one.' : '';
        const message = `${name} cannot be listened on: ${messageOf(error)}.${instead}`;
        throw new HeadwayError('HW_CONFIG_INVALID', message, { cause: error });
      }
      const { address, family, port } = app.server.address() as AddressInfo;
      return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
    },
    async stop() {
      closing.abort();
      // Clients keep connections open after an answer, and open some before they have a request.
      const idle = setInterval(() => {
        if (answering === 0) app.server.closeAllConnections();
        else app.server.closeIdleConnections();
      }, 50);
      const timer = setTimeout(() => app.server.closeAllConnections(), DRAIN_MS);
      await app.close();
      clearInterval(idle);
      clearTimeout(timer);
    },
  };
}
