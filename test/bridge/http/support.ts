import pino from 'pino';
import { createHttpBridge, type HttpBridge, type HttpBridgeOptions } from '../../../bridge/http/http-bridge';
import { asyncApiDocument } from '../../../contracts/async-api';
import { pipelineNamed, shippedPipelines } from '../../../pipelines/registry';
import type { ApiKey } from '../../../runtime/api-keys';
import { createMetrics, httpMetrics, type Metrics } from '../../../runtime/metrics';
import { topics } from '../../support/async-api';
import { readPublishedDocument, type PublishedDocument } from './published-document';
import { createFakeJobs, type FakeJobs } from './fake-jobs';

export interface TestDoor {
  address: string;
  jobs: FakeJobs;
  bridge: HttpBridge;
  metrics: Metrics;
  published: PublishedDocument;
  /** Lines of the log, as JSON. */
  log: string[];
  /** A request to it; a body that is not text goes as JSON. Every answer is checked against the published document. */
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
}

export interface CallOptions {
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

export interface Answer {
  status: number;
  headers: Headers;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- what a test expects of it says what it is
  body: any;
  text: string;
}

const open: HttpBridge[] = [];

/** For `afterEach`. */
export async function closeDoors(): Promise<void> {
  await Promise.all(open.splice(0).map((bridge) => bridge.stop()));
}

/** A door on a free port, with jobs in memory. */
export async function openDoor(
  {
    keys,
    jobs = createFakeJobs(),
    ...options
  }: Partial<HttpBridgeOptions> & { keys?: ApiKey[]; jobs?: FakeJobs } = {},
  config: Partial<HttpBridgeOptions['config']> = {},
): Promise<TestDoor> {
  const metrics = createMetrics('http');
  const log: string[] = [];
  const bridge = await createHttpBridge({
    config: {
      host: '127.0.0.1',
      port: 0,
      apiKeys: keys,
      ratePerMinute: 1_000_000,
      maxConnections: 1_000,
      maxStreams: 200,
      startConcurrency: 12,
      ...config,
    },
    jobsOf: (tenant) => jobs.of(tenant),
    pipelines: shippedPipelines,
    pipelineNamed,
    bodyMaxBytes: 512 * 1024,
    asyncApi: asyncApiDocument({ topics, version: '1.0.0' }),
    metrics: httpMetrics(metrics),
    logger: pino({ level: 'debug' }, { write: (line) => void log.push(line) }),
    ...options,
  });
  open.push(bridge);
  const address = await bridge.listen();
  const published = await readPublishedDocument(address);
  return {
    address,
    jobs,
    bridge,
    metrics,
    published,
    log,
    async call(method, path, { body, headers = {}, signal } = {}) {
      const isText = typeof body === 'string';
      const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
      const response = await fetch(`${address}${path}`, {
        method,
        headers: { ...type, ...headers },
        body: body === undefined || isText ? body : JSON.stringify(body),
        signal,
        redirect: 'manual',
      });
      const text = await response.text();
      const mediaType = response.headers.get('content-type');
      published.check({ method, path, status: response.status, type: mediaType, text });
      const json = mediaType?.includes('json');
      return { status: response.status, headers: response.headers, text, body: json ? readLast(text) : text };
    },
  };
}

/** NDJSON is read as a list. */
function readLast(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as unknown);
  }
}

let sequence = 0;

export function brief(more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    pipeline: 'company-brief',
    input: { company: 'Vantorp Steel', domain: 'vantorp.example', question: `Question ${sequence++}?` },
    ...more,
  };
}
