import pino from 'pino';
import { createApp } from '../../../bridge/http/app';
import type { Door } from '../../../bridge/http/door';
import { createMemories } from '../../../bridge/http/memory';
import { createMetrics, httpMetrics } from '../../../runtime/metrics';

test('a request that comes on an open connection while the door is being stopped is to be sent again', async () => {
  const closing = new AbortController();
  const door = {
    ...{ closing: closing.signal, bodyMaxBytes: 1_000, pipelines: [] },
    memory: createMemories({ bytes: 0, bodyMaxBytes: 1_000, severalCallers: false }),
    ...{ metrics: httpMetrics(createMetrics('http')), logger: pino({ level: 'silent' }) },
  } as unknown as Door;
  const app = await createApp({ door, ratePerMinute: 100, asyncApi: {} });
  const ask = () => app.inject({ url: '/v1/pipelines', headers: { host: 'localhost' } });
  expect((await ask()).statusCode).toBe(200);
  closing.abort();
  const { statusCode, headers, json } = await ask();
  expect([statusCode, headers['retry-after'], json<{ code: string }>().code]).toEqual([
    503,
    '1',
    'HW_SHUTTING_DOWN',
  ]);
  await app.close();
});
