import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HeadwayError, messageOf } from '../contracts/errors';
import type { Logger } from './logger';
import { isLoopback } from './loopback';
import type { Metrics } from './metrics';

/** By part: true when it is ready, else false or a sentence that says why not. What is ready may have something to say, too. */
export type Readiness = Record<string, boolean | string | { ready: true; note: string }>;

export interface StatusServerOptions {
  host: string;
  /** 0 takes a free one. */
  port: number;
  /** Permits a host that other machines can reach. */
  allowRemote?: boolean;
  metrics: Metrics;
  logger: Logger;
  readiness: () => Readiness;
}

export interface StatusServer {
  /** `http://host:port` */
  address: string;
  stop(): Promise<void>;
}

/**
 * Serves `/healthz` (the process lives), `/readyz` (503 while a part is not ready, saying which) and `/metrics`.
 *
 * @throws HeadwayError `HW_CONFIG_INVALID` when the address cannot be listened on
 */
export async function startStatusServer(options: StatusServerOptions): Promise<StatusServer> {
  const { host, port, metrics, logger } = options;
  if (!options.allowRemote && !isLoopback(host)) {
    throw new HeadwayError(
      'HW_CONFIG_INVALID',
      'STATUS_HOST must be a loopback address, unless STATUS_ALLOW_REMOTE is true.',
    );
  }
  const pages: Record<string, () => Promise<Page> | Page> = {
    '/healthz': () => json(200, { status: 'alive' }),
    '/readyz': () => readyPage(options.readiness),
    '/metrics': async () => ({
      status: 200,
      type: metrics.registry.contentType,
      body: await metrics.registry.metrics(),
    }),
  };
  const server = createServer((request, response) => {
    void answer(pages, request.method, request.url).then(({ status, type, body }) => {
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
      response.end(request.method === 'HEAD' ? undefined : body);
    });
  });
  await listen(server, host, port);
  const bound = server.address() as AddressInfo;
  const address = `http://${bound.family === 'IPv6' ? `[${bound.address}]` : bound.address}:${bound.port}`;
  logger.info({ address }, 'health and metrics are served');
  return { address, stop: () => close(server) };
}

interface Page {
  status: number;
  type: string;
  body: string;
}

async function answer(
  pages: Record<string, () => Promise<Page> | Page>,
  method = 'GET',
  url = '/',
): Promise<Page> {
  if (method !== 'GET' && method !== 'HEAD') return json(405, { error: 'only GET and HEAD' });
  const path = url.split('?', 1)[0] ?? '/';
  const page = pages[path];
  if (!page) return json(404, { error: `no such page; there are ${Object.keys(pages).join(', ')}` });
  try {
    return await page();
  } catch (error) {
    return json(503, { error: messageOf(error) });
  }
}

function readyPage(readiness: () => Readiness): Page {
  const parts = readiness();
  const ready = Object.values(parts).every((state) => state === true || typeof state === 'object');
  return json(ready ? 200 : 503, { ready, parts });
}

function json(status: number, body: unknown): Page {
  return { status, type: 'application/json; charset=utf-8', body: `${JSON.stringify(body)}\n` };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const name = error.code === 'EADDRINUSE' || error.code === 'EACCES' ? 'STATUS_PORT' : 'STATUS_HOST';
      reject(
        new HeadwayError('HW_CONFIG_INVALID', `${name} cannot be listened on: ${messageOf(error)}.`, {
          cause: error,
        }),
      );
    });
    server.listen(port, host, resolve);
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
