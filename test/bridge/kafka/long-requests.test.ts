import { createLongRequests } from '../../../bridge/kafka/long-requests';
import { deferred, settled } from './support';

const asking = (request: () => Promise<string>, waitMs = 10) => ({
  ...{ key: 'partition', name: 'it', isWanted: () => true, waitMs, request },
});
afterEach(() => jest.useRealTimers());

const never = () => new Promise<never>(() => undefined);

test('an answer is kept for some time, and no longer', async () => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick'] });
  const requests = createLongRequests<string>(60_000);
  const askInVain = async (answer: Promise<string>) => {
    const refused = expect(requests.ask(asking(() => answer))).rejects.toThrow('within 10 ms');
    await jest.advanceTimersByTimeAsync(10);
    await refused;
  };
  const first = deferred<string>();
  await askInVain(first.promise);
  first.resolve('late');
  await settled();
  await expect(requests.ask(asking(never))).resolves.toBe('late');
  const second = deferred<string>();
  await askInVain(second.promise);
  second.resolve('much later');
  await settled();
  await jest.advanceTimersByTimeAsync(60_000);
  await expect(requests.ask(asking(() => Promise.resolve('new')))).resolves.toBe('new');
});

test('nothing of the batch it was for is kept with it', async () => {
  const requests = createLongRequests<string>();
  let wanted: (() => boolean) | undefined;
  const request = (isWanted: () => boolean) => {
    wanted = isWanted;
    return Promise.resolve('answer');
  };
  await requests.ask({ ...asking(never), request });
  expect(wanted?.()).toBe(false);
});

test('what went wrong while nobody waited is told to whoever waits next, until it goes well', async () => {
  const requests = createLongRequests<string>();
  const first = deferred<string>();
  await expect(requests.ask(asking(() => first.promise))).rejects.toThrow('within 10 ms');
  first.reject(new Error('AccessDenied'));
  await settled();
  await expect(requests.ask(asking(never))).rejects.toThrow(
    'no answer within 10 ms; the last one was: AccessDenied',
  );
  requests.forget();
  await expect(requests.ask(asking(never))).rejects.toThrow(/within 10 ms$/);
});
