import { createHttpFetch } from '../../../../activities/call-llm/http/http-fetch';

const dispatcherKey = Symbol.for('undici.globalDispatcher.1');
const scope = globalThis as Record<symbol, unknown>;
const answer = new Response('{}');

beforeEach(() => {
  jest.spyOn(globalThis, 'fetch').mockResolvedValue(answer);
});

afterEach(() => {
  jest.restoreAllMocks();
  delete process.env.NODE_USE_ENV_PROXY;
  delete scope[dispatcherKey];
});

const address = 'http://127.0.0.1:1/v1';
const init = { method: 'POST', body: '{}' };

test('where Node.js takes proxies from the environment, requests go through fetch, which does', async () => {
  process.env.NODE_USE_ENV_PROXY = '1';
  await expect(createHttpFetch()(address, init)).resolves.toBe(answer);
  expect(fetch).toHaveBeenCalledWith(address, init);
});

test('where fetch has a dispatcher of its own, as for a proxy, requests go through it', async () => {
  scope[dispatcherKey] = new (class ProxyAgent {})();
  await expect(createHttpFetch()(address, init)).resolves.toBe(answer);
});

test('the dispatcher that Node.js has anyway is none', async () => {
  scope[dispatcherKey] = new (class Agent {})();
  await expect(createHttpFetch()(address, init)).rejects.toThrow('fetch failed');
  expect(fetch).not.toHaveBeenCalled();
});
