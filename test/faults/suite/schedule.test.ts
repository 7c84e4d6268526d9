import { setTimeout as delay } from 'node:timers/promises';
import { NoEffect, type Fault, type Scene } from './faults/fault';
import { allFaults } from './faults';
import { canBeTogether, type Resource } from './faults/resources';
import { planOnce, planStrikes, runSchedule, type PlannedStrike } from './schedule';
import { shortForm } from './short-form';

const fault = (name: string, needs: Resource[], strike: Fault['strike'] = () => Promise.resolve('seen')) => ({
  name,
  about: name,
  needs,
  strike,
});

function first(count: number, plan: Iterable<PlannedStrike>): string[] {
  const names: string[] = [];
  for (const { fault, pauseMs } of plan) {
    names.push(`${fault.name} after ${pauseMs}`);
    if (names.length === count) break;
  }
  return names;
}

const run = (faults: Fault[], lanes = 2) =>
  runSchedule({
    plan: planOnce(faults),
    seed: 1,
    milliseconds: Infinity,
    lanes,
    scene: {} as Scene,
    onStrike: () => undefined,
    signal: new AbortController().signal,
  });

test('the same seed plans the same strikes, another one others', () => {
  const plan = first(100, planStrikes(allFaults, 7));
  expect(first(100, planStrikes(allFaults, 7))).toEqual(plan);
  expect(first(100, planStrikes(allFaults, 8))).not.toEqual(plan);
});

test('every fault has its turn before one comes again', () => {
  const names = first(allFaults.length, planStrikes(allFaults, 7)).map((one) => one.split(' ')[0]);
  expect(names.sort()).toEqual(allFaults.map(({ name }) => name).sort());
});

test('faults that need the same never strike at once, others do', async () => {
  const underWay = new Set<Fault>();
  const together: string[] = [];
  const begun = new Set<string>();
  /** Two last until the one behind them has begun, which they leave room for. */
  const lastsUntil: Record<string, string> = { c: 'd', e: 'f' };
  const needs: Record<string, Resource[]> = {
    a: ['llm'],
    b: ['llm'],
    c: ['kafka', 'llm'],
    d: ['temporal'],
    e: ['kafka'],
    f: ['llm'],
  };
  const tracked = Object.entries(needs).map(([name, needs]) => {
    const own: Fault = fault(name, needs, async () => {
      for (const other of underWay) together.push(`${other.name}${name} ${canBeTogether(own, other)}`);
      underWay.add(own);
      begun.add(name);
      // Longer than the shortest pause.
      do await delay(5);
      while (!begun.has(lastsUntil[name] ?? name));
      underWay.delete(own);
      return 'seen';
    });
    return own;
  });

  const strikes = await run(tracked);

  expect(strikes.map((strike) => strike.fault)).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  expect(together).toEqual(expect.arrayContaining(['cd true', 'ef true']));
  expect(together.filter((pair) => pair.endsWith('false'))).toEqual([]);
});

test('a strike without effect is told from one that struck, and one that failed ends nothing', async () => {
  const strikes = await run([
    fault('strikes', ['llm']),
    fault('misses', ['llm'], () => Promise.reject(new NoEffect('nobody was there'))),
    fault('breaks', ['llm'], () => Promise.reject(new Error('it did not come back'))),
    fault('goes on', ['llm']),
  ]);
  expect(strikes).toMatchObject([
    { fault: 'strikes', outcome: 'struck', effect: 'seen' },
    { fault: 'misses', outcome: 'had no effect', effect: 'nobody was there' },
    { fault: 'breaks', outcome: 'failed', effect: 'it did not come back' },
    { fault: 'goes on', outcome: 'struck' },
  ]);
});

test('the short form has only faults that one broker can have, each once', () => {
  expect(new Set(shortForm).size).toBe(shortForm.length);
  expect(shortForm.filter(({ brokers }) => brokers === 3)).toEqual([]);
});
