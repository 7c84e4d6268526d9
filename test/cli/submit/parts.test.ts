import { inBatches } from '../../../cli/submit/in-batches';
import { jsonErrorLine } from '../../../cli/submit/json-error-line';
import { splitLines } from '../../../cli/submit/split-lines';
import { createWaitingList } from '../../../cli/submit/waiting-list';

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function* from<T>(...items: T[]): AsyncGenerator<T> {
  for (const item of items) yield await Promise.resolve(item);
}

test.each([
  ['{}', undefined],
  ['{\n"a": 1,\n"b": tru\n}', 3],
  ['{\n"a": 1\n"b": 2\n}', 3],
  ['[1,\n2', 2],
  ['[\n"a\n"]', 2],
  ['{"a":1}\n\n}', 3],
  ['{\n', 1],
])('the line at which %p stops being JSON', (text, line) => {
  expect(jsonErrorLine(text)).toBe(line);
});

test('lines have their numbers, wherever chunks end', async () => {
  const lines = await collect(
    splitLines(from<Buffer | string>(Buffer.from('a\n'), Buffer.from('\n b'), 'c \r\nd')),
  );
  expect(lines.map(({ number, bytes }) => [number, bytes.toString()])).toEqual([
    [1, 'a'],
    [3, 'bc'],
    [4, 'd'],
  ]);
});

describe('batches', () => {
  const limits = { items: 3, bytes: 10, waitMs: 1_000 };
  const size = (item: number) => item;

  test('have at most so many items and bytes, and at least one', async () => {
    expect(await collect(inBatches(from(1, 1, 1, 1, 20, 9, 2), size, limits))).toEqual([
      [1, 1, 1],
      [1],
      [20],
      [9],
      [2],
    ]);
  });

  test('go on when nothing more comes for a while', async () => {
    let release = () => {};
    async function* slow() {
      yield 1;
      await new Promise<void>((resolve) => (release = resolve));
      yield 2;
    }
    const batches = inBatches(slow(), size, { ...limits, waitMs: 1 });
    expect((await batches.next()).value).toEqual([1]);
    release();
    expect((await batches.next()).value).toEqual([2]);
    expect((await batches.next()).done).toBe(true);
  });

  test('an error right behind a full batch waits until the batch has been taken', async () => {
    async function* broken() {
      yield* from(1, 1, 1);
      throw new Error('the disk is gone');
    }
    const batches = inBatches(broken(), size, limits);
    expect((await batches.next()).value).toEqual([1, 1, 1]);
    // The consumer is busy meanwhile: an unhandled rejection would end the process, and fail this test.
    await new Promise((resolve) => setImmediate(resolve));
    await expect(batches.next()).rejects.toThrow('the disk is gone');
  });

  test('what was read before an error is not lost', async () => {
    async function* broken() {
      yield 1;
      await Promise.reject(new Error('broken'));
    }
    const batches = inBatches(broken(), size, limits);
    expect((await batches.next()).value).toEqual([1]);
    await expect(batches.next()).rejects.toThrow('broken');
  });
});

describe('the waiting list', () => {
  test('is over when nobody is expected any more, and tells of each end once', async () => {
    const list = createWaitingList(new AbortController().signal);
    for (const id of ['a', 'b', 'c']) list.expect(id);
    const ends = collect(list.ends());
    list.ended({ id: 'b', status: 'completed' });
    list.ended({ id: 'b', status: 'completed' });
    list.ended({ id: 'x', status: 'completed' });
    await new Promise(setImmediate);
    list.forget('c');
    list.expectNoMore();
    list.ended({ id: 'a', status: 'failed' });
    expect(await ends).toEqual([
      { id: 'b', status: 'completed' },
      { id: 'a', status: 'failed' },
    ]);
  });

  test('ends with an interruption, and with what keeps it from hearing more', async () => {
    const controller = new AbortController();
    const interrupted = createWaitingList(controller.signal);
    interrupted.expect('a');
    const ends = collect(interrupted.ends());
    controller.abort(new Error('Ctrl-C'));
    await expect(ends).rejects.toThrow('Ctrl-C');
    const failing = createWaitingList(new AbortController().signal);
    failing.fail(new Error('Kafka is away'));
    await expect(collect(failing.ends())).rejects.toThrow('Kafka is away');
  });
});
