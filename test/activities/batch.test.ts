import { execFileSync } from 'node:child_process';
import { cutBySize, jsonBytes, runBatch, toStageFailure } from '../../activities/batch';
import { HeadwayError } from '../../contracts/errors';
import { PermanentError, UnavailableError } from '../../pipelines/define-pipeline';
import { never } from './support';

describe('cutBySize', () => {
  it('keeps all that fits, in order', () => {
    expect(cutBySize(['aa', 'bb'], 8)).toEqual(['aa', 'bb']);
    expect(cutBySize([], 8)).toEqual([]);
  });

  it('stops before the first that does not fit', () => {
    expect(cutBySize(['aa', 'bb', 'c'], 7)).toEqual(['aa']);
  });

  it('gives at least one, however large, or nothing would ever go on', () => {
    expect(cutBySize(['a'.repeat(100), 'b'], 7)).toHaveLength(1);
  });

  it('counts bytes and not characters', () => {
    expect(jsonBytes('🚀')).toBe(6);
    expect(jsonBytes(undefined)).toBe(0);
    expect(cutBySize(['🚀', '🚀'], 11)).toEqual(['🚀']);
  });
});

describe('toStageFailure', () => {
  it('is final for what repeating would not change', () => {
    expect(toStageFailure(new PermanentError('no such company'), 'HW_ENRICH_FAILED')).toMatchObject({
      kind: 'final',
      code: 'HW_ENRICH_FAILED',
      message: 'no such company',
    });
    const unknown = new HeadwayError('HW_PIPELINE_UNKNOWN', 'pipeline: "x" is not installed');
    expect(toStageFailure(unknown, 'HW_ENRICH_FAILED')).toMatchObject({
      kind: 'final',
      code: 'HW_PIPELINE_UNKNOWN',
    });
  });

  it.each([[new Error('connection\n terminated')], ['connection terminated']])(
    'may pass for everything else that is thrown',
    (thrown) => {
      const failure = toStageFailure(thrown, 'HW_POST_PROCESS_FAILED');
      const expected = { kind: 'retry', code: 'HW_POST_PROCESS_FAILED', message: 'connection terminated' };
      expect(failure).toMatchObject(expected);
    },
  );

  it('tells a system that is away from a job in trouble, also as the cause of another error', () => {
    const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
    const sharedOf = (error: unknown) => toStageFailure(error, 'HW_ENRICH_FAILED').shared;
    expect(sharedOf(refused)).toBe(true);
    expect(sharedOf(new Error('query failed', { cause: refused }))).toBe(true);
    expect(sharedOf(new UnavailableError('the database is away'))).toBe(true);
    expect(sharedOf(new Error('syntax error'))).toBe(false);
    expect(sharedOf(new PermanentError('gone', { cause: refused }))).toBe(false);
  });

  it('keeps the message short enough for the history', () => {
    expect(toStageFailure(new Error('x'.repeat(5_000)), 'HW_ENRICH_FAILED').message).toHaveLength(1_000);
  });
});

describe('the signal of a batch', () => {
  it('may be listened to by each job of a pack, which Node.js does not take for a leak', () => {
    // In a process of its own: Jest's `process` hears no warnings.
    const script = `
      process.on('warning', ({ name }) => console.log(name));
      const listen = async (_item, signal) => signal.addEventListener('abort', () => undefined);
      const items = Array.from({ length: 50 }, (_, item) => item);
      const { runBatch } = require('./activities/batch');
      void runBatch(items, { timeoutMs: 1_000 }, listen, () => ({ kind: 'retry' })).catch(() => undefined);`;
    const hook = './test/support/typescript-hook.cjs';
    expect(execFileSync(process.execPath, ['-r', hook, '-e', script], { encoding: 'utf8' })).toBe('');
  });
});

describe('runBatch', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => {
    // Nothing is left behind that would keep a worker from ending.
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  const after = (ms: number, text: string, kind = 'done') =>
    new Promise<{ kind: string; text: string }>((resolve) => setTimeout(() => resolve({ kind, text }), ms));
  const textsOf = async (batch: Promise<{ text: string }[]>) => (await batch).map(({ text }) => text);
  const options = { timeoutMs: 5_000, patienceMs: 1_000 };
  const onTimeout = (item: string) => ({ kind: 'retry', text: `${item} timed out` });

  it('runs all at once and returns as soon as all have ended', async () => {
    const begun: string[] = [];
    const batch = runBatch(
      ['a', 'b', 'c'],
      options,
      (item) => {
        begun.push(item);
        return after(item === 'a' ? 300 : 100, item.toUpperCase());
      },
      onTimeout,
    );
    expect(begun).toEqual(['a', 'b', 'c']);
    await jest.advanceTimersByTimeAsync(300);
    await expect(textsOf(batch)).resolves.toEqual(['A', 'B', 'C']);
  });

  it('leaves a slow one to the next call, in the order of the others', async () => {
    const work = (item: string) => (item === 'b' ? after(2_000, 'B') : after(10, item.toUpperCase()));
    const batch = runBatch(['a', 'b', 'c'], options, work, onTimeout);
    await jest.advanceTimersByTimeAsync(1_000);
    await expect(textsOf(batch)).resolves.toEqual(['A', 'C']);
    await jest.advanceTimersByTimeAsync(2_000);
  });

  it('tells those it leaves to stop', async () => {
    const signals: AbortSignal[] = [];
    const work = (item: string, signal: AbortSignal) => {
      signals.push(signal);
      return item === 'slow' ? never : after(0, item);
    };
    const batch = runBatch(['fast', 'slow'], options, work, onTimeout);
    expect(signals.map((signal) => signal.aborted)).toEqual([false, false]);
    await jest.advanceTimersByTimeAsync(1_000);
    await batch;
    expect(signals.map((signal) => signal.aborted)).toEqual([true, true]);
  });

  it('is patient when none has ended yet', async () => {
    const batch = runBatch(['a'], options, () => after(3_000, 'A'), onTimeout);
    await jest.advanceTimersByTimeAsync(3_000);
    await expect(textsOf(batch)).resolves.toEqual(['A']);
  });

  it('does not take a few that fail at once for all of them: the others only take longer', async () => {
    const work = (item: string) =>
      item === 'b' ? after(10, 'B', 'retry') : after(1_500, item.toUpperCase());
    const batch = runBatch(['a', 'b', 'c'], options, work, onTimeout);
    await jest.advanceTimersByTimeAsync(1_500);
    await expect(textsOf(batch)).resolves.toEqual(['A', 'B', 'C']);
  });

  it('knows that all have failed when some do at once and the others not within their time', async () => {
    const work = (item: string) => (item === 'b' ? after(10, 'B', 'retry') : never);
    const batch = runBatch(['a', 'b'], options, work, onTimeout);
    await jest.advanceTimersByTimeAsync(options.timeoutMs);
    await expect(textsOf(batch)).resolves.toEqual(['a timed out', 'B']);
  });

  it('ends also when nothing ever does', async () => {
    const batch = runBatch(['a', 'b'], options, () => never, onTimeout);
    await jest.advanceTimersByTimeAsync(options.timeoutMs);
    await expect(textsOf(batch)).resolves.toEqual(['a timed out', 'b timed out']);
  });

  it('fails with what the work throws', async () => {
    const batch = runBatch(['a'], options, () => Promise.reject(new Error('a defect')), onTimeout);
    await expect(batch).rejects.toThrow('a defect');
  });

  it('takes no outcome of work that fails after the batch was returned', async () => {
    const work = (item: string) =>
      item === 'late'
        ? after(1_500, '').then(() => Promise.reject<never>(new Error('late')))
        : after(1, item);
    const batch = runBatch(['on time', 'late'], options, work, onTimeout);
    await jest.advanceTimersByTimeAsync(1_000);
    await expect(textsOf(batch)).resolves.toEqual(['on time']);
    await jest.advanceTimersByTimeAsync(1_000);
  });
});
