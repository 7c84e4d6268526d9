import { createCommitter } from '../../../bridge/kafka/committer';
import { deferred, settled, silent, type Deferred } from './support';

/** A commit that ends when the test says so. */
function openCommitter({ paceMs = 0 } = {}) {
  const requests: { next: Record<number, bigint>; end: Deferred<void> }[] = [];
  const committed: [number, bigint][] = [];
  let atOnce = 0;
  let most = 0;
  const committer = createCommitter(
    async (next) => {
      most = Math.max(most, ++atOnce);
      const end = deferred();
      requests.push({ next: Object.fromEntries(next), end });
      await end.promise.finally(() => atOnce--);
    },
    silent,
    (partition, next) => committed.push([partition, next]),
    paceMs,
  );
  return { committer, requests, committed, most: () => most };
}

describe('the committer', () => {
  it('commits at once when nothing is under way', () => {
    const { committer, requests } = openCommitter();
    committer.durable(3, 10n);
    expect(requests.map(({ next }) => next)).toEqual([{ 3: 10n }]);
  });

  it('has at most one commit under way, and puts what comes meanwhile into the next', async () => {
    const { committer, requests, most } = openCommitter();
    committer.durable(0, 1n);
    for (let next = 2n; next <= 100n; next++) committer.durable(0, next);
    committer.durable(1, 7n);
    await settled();
    expect(requests).toHaveLength(1);
    requests[0]!.end.resolve();
    await settled();
    expect(requests.map(({ next }) => next)).toEqual([{ 0: 1n }, { 0: 100n, 1: 7n }]);
    requests[1]!.end.resolve();
    await committer.flush();
    expect(requests).toHaveLength(2);
    expect(most()).toBe(1);
  });

  it('never goes back', async () => {
    const { committer, requests } = openCommitter();
    committer.durable(0, 10n);
    committer.durable(0, 9n);
    committer.durable(0, 10n);
    requests[0]!.end.resolve();
    await committer.flush();
    expect(requests.map(({ next }) => next)).toEqual([{ 0: 10n }]);
    committer.durable(0, 5n);
    await settled();
    expect(requests).toHaveLength(1);
  });

  it('keeps partitions apart', async () => {
    const { committer, requests } = openCommitter();
    committer.durable(0, 10n);
    committer.durable(1, 3n);
    requests[0]!.end.resolve();
    await settled();
    expect(requests.map(({ next }) => next)).toEqual([{ 0: 10n }, { 1: 3n }]);
  });

  it('commits offset 0 too: a partition may begin with nothing before it', () => {
    const { committer, requests } = openCommitter();
    committer.durable(0, 0n);
    expect(requests).toHaveLength(1);
  });

  it('goes on after a commit that failed', async () => {
    const { committer, requests, committed } = openCommitter();
    committer.durable(0, 1n);
    committer.durable(0, 2n);
    requests[0]!.end.reject(new Error('the coordinator moved'));
    await settled();
    expect(requests.map(({ next }) => next)).toEqual([{ 0: 1n }, { 0: 2n }]);
    requests[1]!.end.resolve();
    await committer.flush();
    expect(committed).toEqual([[0, 2n]]);
    committer.durable(0, 3n);
    expect(requests).toHaveLength(3);
  });

  it('says what was committed only when it was', async () => {
    const { committer, requests, committed } = openCommitter();
    committer.durable(4, 8n);
    await settled();
    expect(committed).toEqual([]);
    requests[0]!.end.resolve();
    await committer.flush();
    expect(committed).toEqual([[4, 8n]]);
  });

  it('flushes what waits, also what comes meanwhile', async () => {
    const { committer, requests } = openCommitter();
    await committer.flush();
    committer.durable(0, 1n);
    committer.durable(0, 2n);
    let flushed = false;
    const flushing = committer.flush().then(() => (flushed = true));
    requests[0]!.end.resolve();
    await settled();
    expect(flushed).toBe(false);
    requests[1]!.end.resolve();
    await flushing;
  });

  it('forgets what waits when the assignment changes, and begins anew behind it', async () => {
    const { committer, requests } = openCommitter();
    committer.durable(0, 50n);
    committer.durable(0, 60n);
    committer.forget();
    requests[0]!.end.resolve();
    await committer.flush();
    expect(requests).toHaveLength(1);
    // The group may have been set back.
    committer.durable(0, 5n);
    expect(requests[1]?.next).toEqual({ 0: 5n });
  });

  it('commits also what becomes durable in the very moment a commit ends', async () => {
    const end = deferred();
    const requests: Record<number, bigint>[] = [];
    const committer = createCommitter(
      (next) => {
        requests.push(Object.fromEntries(next));
        return end.promise;
      },
      silent,
      () => undefined,
      0,
    );
    committer.durable(0, 1n);
    void end.promise.then(() => committer.durable(0, 2n));
    end.resolve();
    await settled();
    await committer.flush();
    expect(requests).toEqual([{ 0: 1n }, { 0: 2n }]);
  });
});

describe('the pace of the committer', () => {
  beforeEach(() => jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick'] }));
  afterEach(() => jest.useRealTimers());

  it('commits what comes just after a commit together, when the pace allows the next', async () => {
    const { committer, requests } = openCommitter({ paceMs: 40 });
    committer.durable(0, 1n);
    requests[0]!.end.resolve();
    await settled();
    committer.durable(0, 2n);
    committer.durable(1, 5n);
    await jest.advanceTimersByTimeAsync(39);
    expect(requests).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(1);
    expect(requests.map(({ next }) => next)).toEqual([{ 0: 1n }, { 0: 2n, 1: 5n }]);
  });

  it('commits at once again when nothing came for that long', async () => {
    const { committer, requests } = openCommitter({ paceMs: 40 });
    committer.durable(0, 1n);
    requests[0]!.end.resolve();
    await jest.advanceTimersByTimeAsync(40);
    committer.durable(0, 2n);
    expect(requests).toHaveLength(2);
  });

  it('counts from the beginning of a commit: after a slow one the next follows at once', async () => {
    const { committer, requests } = openCommitter({ paceMs: 40 });
    committer.durable(0, 1n);
    committer.durable(0, 2n);
    await jest.advanceTimersByTimeAsync(100);
    requests[0]!.end.resolve();
    await settled();
    expect(requests).toHaveLength(2);
  });

  it('goes on when a commit fails whose partitions are no longer its own, however that falls together', async () => {
    for (const lostFirst of [false, true]) {
      const { committer, requests } = openCommitter();
      committer.durable(0, 1n);
      if (lostFirst) committer.forget();
      requests[0]!.end.reject(new Error('not a member of the group'));
      await settled();
      committer.forget();
      // When the commit would have been tried again.
      await jest.advanceTimersByTimeAsync(1_000);
      expect(requests).toHaveLength(1);
      committer.durable(0, 2n);
      expect(requests[1]?.next).toEqual({ 0: 2n });
      requests[1]!.end.resolve();
      await settled();
      committer.durable(0, 3n);
      expect(requests[2]?.next).toEqual({ 0: 3n });
    }
  });

  it('tries a commit that failed again after a second', async () => {
    const { committer, requests, committed } = openCommitter();
    committer.durable(0, 1n);
    requests[0]!.end.reject(new Error('the coordinator moved'));
    await jest.advanceTimersByTimeAsync(999);
    expect(requests).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(1);
    expect(requests[1]?.next).toEqual({ 0: 1n });
    requests[1]!.end.resolve();
    await settled();
    expect(committed).toEqual([[0, 1n]]);
  });

  it('does not make a flush wait', async () => {
    const { committer, requests } = openCommitter({ paceMs: 40 });
    committer.durable(0, 1n);
    requests[0]!.end.resolve();
    await settled();
    committer.durable(0, 2n);
    committer.durable(0, 3n);
    const flushed = committer.flush();
    await settled();
    expect(requests.map(({ next }) => next)).toEqual([{ 0: 1n }, { 0: 3n }]);
    requests[1]!.end.resolve();
    await flushed;
  });
});
