import type { Consumer } from 'kafkajs';
import { watchSilence } from '../../../bridge/kafka/watch-silence';

const listeners = new Map<string, (event: { payload: unknown }) => void>();
const says = (name: string, payload: unknown = {}) => listeners.get(`consumer.${name}`)?.({ payload });
let silent: string[];
let stop: () => void;

/** Seconds in which the consumer says this every second. */
function seconds(count: number, ...names: string[]): void {
  for (let second = 0; second < count; second++) {
    for (const name of names) says(name, { nodeId: 1 });
    jest.advanceTimersByTime(1_000);
  }
}

beforeEach(() => {
  jest.useFakeTimers();
  listeners.clear();
  silent = [];
  const on = (name: string, listener: (event: { payload: unknown }) => void) => listeners.set(name, listener);
  stop = watchSilence({ on } as unknown as Consumer, (what) => silent.push(what));
});

afterEach(() => {
  stop();
  jest.useRealTimers();
});

test('a consumer that goes on is not silent', () => {
  says('group_join');
  seconds(300, 'fetch_start', 'fetch', 'heartbeat');
  expect(silent).toEqual([]);
});

test('a consumer without heartbeats is silent, which is told once', () => {
  says('group_join');
  seconds(44);
  expect(silent).toEqual([]);
  seconds(120);
  expect(silent).toEqual(['a heartbeat']);
});

test('a fetch from one broker that does not end is silence, though the others go on', () => {
  says('group_join');
  says('fetch_start', { nodeId: 2 });
  seconds(44, 'fetch_start', 'fetch', 'heartbeat');
  expect(silent).toEqual([]);
  seconds(10, 'fetch_start', 'fetch', 'heartbeat');
  expect(silent).toEqual(['a fetch']);
});

test('whoever joins may wait for the others, but not for ever', () => {
  says('group_join');
  says('fetch_start', { nodeId: 2 });
  says('rebalancing');
  seconds(119);
  expect(silent).toEqual([]);
  seconds(10);
  expect(silent).toEqual(['joining the group']);
});

test('nothing is told of one that has not joined yet, nor when the watch is over', () => {
  seconds(300);
  expect(silent).toEqual([]);
  says('group_join');
  stop();
  seconds(300);
  expect(silent).toEqual([]);
});
