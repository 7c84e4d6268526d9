import { getEventListeners } from 'node:events';
import { linkSignals } from '../../runtime/linked-signal';

test('is aborted with the first of its sources, and with its reason', () => {
  const [one, other] = [new AbortController(), new AbortController()];
  const { signal } = linkSignals(one.signal, other.signal);
  expect(signal.aborted).toBe(false);
  other.abort(new Error('the second'));
  one.abort(new Error('too late'));
  expect(signal.reason).toEqual(new Error('the second'));
});

test('is aborted at once where a source is', () => {
  const { signal } = linkSignals(new AbortController().signal, AbortSignal.abort('before'));
  expect([signal.aborted, signal.reason]).toEqual([true, 'before']);
});

test('leaves nothing at a source once it is unlinked', () => {
  const ends = new AbortController();
  for (let request = 0; request < 3; request++) {
    const { signal, unlink } = linkSignals(new AbortController().signal, ends.signal);
    expect(getEventListeners(ends.signal, 'abort')).toHaveLength(1);
    unlink();
    expect([getEventListeners(ends.signal, 'abort'), signal.aborted]).toEqual([[], false]);
  }
});
