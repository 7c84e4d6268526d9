import { createServer, type Http2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { Client } from '@temporalio/client';
import pino from 'pino';
import { ShuttingDown } from '../../runtime/shutdown';
import { createDataConverter } from '../../runtime/payload-store/data-converter';
import {
  connectTemporalClient,
  connectTemporalWorker,
  isThrottled,
  retriesOfDoors,
  withoutPayloadStore,
} from '../../runtime/temporal';

/** Nothing listens on port 1. */
const away = { address: '127.0.0.1:1', namespace: 'default', taskQueue: 'q', llmTaskQueue: 'l' };

it('has doors try again until the deadline of a request and no longer: a wait between two tries goes on behind it', () => {
  const { delayFunction, retryableDecider } = retriesOfDoors();
  const gone = { code: 14, details: 'no connection', metadata: {} } as Parameters<typeof delayFunction>[1];
  const waits = Array.from({ length: 15 }, (_, index) => delayFunction(index + 1, gone));
  expect(Math.max(...waits)).toBeLessThanOrEqual(1_000);
  // After 10 s, the longest deadline there is, it would go on.
  expect(waits.reduce((sum, one) => sum + one, 0)).toBeGreaterThan(10_000);
  expect(retryableDecider(15, gone)).toBe(true);
  expect(retryableDecider(1, { ...gone, code: 8 })).toBe(false);
});

describe.each([
  ['connectTemporalClient', connectTemporalClient],
  ['connectTemporalWorker', connectTemporalWorker],
])('%s', (_name, connect) => {
  it('waits for a server that is away, saying so, until it is told to stop', async () => {
    const controller = new AbortController();
    const lines: string[] = [];
    const logger = pino(
      {},
      { write: (line) => lines.push(line) > 1 && controller.abort(new ShuttingDown()) },
    );
    await expect(connect(away, { logger, signal: controller.signal })).rejects.toBeInstanceOf(ShuttingDown);
    expect(lines).toHaveLength(2);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 40, address: '127.0.0.1:1' });
  }, 20_000);

  it('does not even try when it was told to stop already', async () => {
    const lines: string[] = [];
    const logger = pino({}, { write: (line) => lines.push(line) });
    const signal = AbortSignal.abort(new ShuttingDown());
    await expect(connect(away, { logger, signal })).rejects.toBeInstanceOf(ShuttingDown);
    expect(lines).toEqual([]);
  });
});

describe('a server that has too much to do', () => {
  let server: Http2Server;
  let starts = 0;

  beforeEach(async () => {
    starts = 0;
    server = createServer().on('stream', (stream, headers) => {
      const status = { ':status': 200, 'content-type': 'application/grpc' };
      if (headers[':path']?.endsWith('/StartWorkflowExecution')) {
        starts += 1;
        const refusal = { 'grpc-status': '8', 'grpc-message': 'namespace rate limit exceeded' };
        stream.respond({ ...status, ...refusal }, { endStream: true });
      } else {
        stream.respond(status, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
        stream.end(Buffer.alloc(5));
      }
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  afterEach(() => server.close());

  it('is noticed at the first refusal, which the client would otherwise hide behind its own retries', async () => {
    const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const client = await connectTemporalClient({ ...away, address }, { reportThrottling: true });
    const start = () => client.workflow.start('any', { workflowId: 'w', taskQueue: 'q' });
    const error = await client.withDeadline(Date.now() + 5_000, start).catch((reason: unknown) => reason);
    await client.connection.close();
    expect(isThrottled(error)).toBe(true);
    expect(starts).toBe(1);
  });
});

describe('withoutPayloadStore', () => {
  const place = { kind: 'folder', folder: '/nowhere' } as const;
  const client = (store: boolean) =>
    new Client({
      ...{ namespace: 'jobs', identity: 'bridge' },
      dataConverter: createDataConverter(store ? { payloadStore: { place, thresholdBytes: 1 } } : {}),
    });

  it('stores nothing, and is the same client otherwise', () => {
    const before = client(true);
    const { options, connection } = withoutPayloadStore(before);
    const { payloadCodecs, externalStorage } = options.loadedDataConverter;
    expect(externalStorage).toBeUndefined();
    expect(payloadCodecs).toEqual(before.options.loadedDataConverter.payloadCodecs);
    expect(connection).toBe(before.connection);
    expect(options).toMatchObject({ namespace: 'jobs', identity: 'bridge' });
  });

  it('is the client itself where there is no store', () => {
    const before = client(false);
    expect(withoutPayloadStore(before)).toBe(before);
  });
});
