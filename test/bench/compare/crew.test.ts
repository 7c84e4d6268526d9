import { setTimeout as delay } from 'node:timers/promises';
import { startCrew } from '../../../bench/compare/crew';
import {
  noServers,
  type Consumer,
  type Contender,
  type RunContext,
} from '../../../bench/contenders/contender';
import { eventually } from '../../support/eventually';

/** A consumer that starts and stops when the test says so. */
class FakeConsumer implements Consumer {
  lives = true;
  goOn: (() => void) | undefined;
  private readonly listeners: ((how: string) => void)[] = [];
  constructor(private readonly pid: number) {}
  pids = (): Record<string, number> => (this.lives ? { it: this.pid } : {});
  kill() {
    this.lives = false;
    this.goOn?.();
    return Promise.resolve();
  }
  startAgain() {
    this.lives = true;
    return new Promise<void>((resolve) => (this.goOn = resolve));
  }
  stop() {
    return new Promise<void>((resolve) => (this.goOn = resolve)).then(() => void (this.lives = false));
  }
  onEndedByItself = (listener: (how: string) => void) => void this.listeners.push(listener);
  endsByItself() {
    this.lives = false;
    this.listeners.forEach((listener) => listener('ended with 1'));
  }
}

async function openCrew() {
  const made: FakeConsumer[] = [];
  const contender = {
    startConsumer: (_context: RunContext, _servers: unknown, index: number) => {
      made.push(new FakeConsumer(100 + index));
      return Promise.resolve(made[index]!);
    },
  } as unknown as Contender;
  const crew = await startCrew(contender, { consumers: 2 } as RunContext, noServers, 1);
  const counts = () => crew.consuming.map(({ count }) => count);
  return { crew, made, counts };
}

it('knows how many consume: a killed one does again when it is ready', async () => {
  const { crew, made, counts } = await openCrew();
  expect(counts()).toEqual([1, 2]);
  await crew.kill(1);
  expect(counts()).toEqual([1, 2, 1]);
  await eventually('it is started again', () => made[1]!.lives);
  expect(counts()).toEqual([1, 2, 1]);
  made[1]!.goOn?.();
  await eventually('it consumes', () => counts().length === 4);
  expect(counts()).toEqual([1, 2, 1, 2]);
  expect(crew.consuming.every(({ at }, index, all) => at >= (all[index - 1]?.at ?? 0))).toBe(true);
  expect(crew.problems).toEqual([]);
});

it('does not count one that was killed before it consumed', async () => {
  const { crew, made, counts } = await openCrew();
  await crew.kill(0);
  await eventually('it is started again', () => made[0]!.lives);
  await crew.kill(0);
  await eventually('it is started once more', () => made[0]!.lives);
  expect(counts()).toEqual([1, 2, 1]);
  made[0]!.goOn?.();
  await eventually('it consumes', () => counts().length === 4);
  expect(counts()).toEqual([1, 2, 1, 2]);
});

it('starts one again that ended by itself, and says so', async () => {
  const { crew, made, counts } = await openCrew();
  made[0]!.endsByItself();
  expect(counts()).toEqual([1, 2, 1]);
  expect(crew.problems).toEqual([
    expect.stringMatching(/^consumer 0 ended by itself after \d+ ms: ended with 1$/),
  ]);
  await eventually('it is started again', () => made[0]!.lives);
});

it('counts the CPU of a guest that leaves until it is gone, and its slots no more', async () => {
  const { crew, made, counts } = await openCrew();
  const leave = await crew.join();
  expect([counts(), crew.pids()]).toEqual([
    [1, 2, 3],
    [100, 101, 102],
  ]);
  leave();
  expect([counts(), crew.pids()]).toEqual([
    [1, 2, 3, 2],
    [100, 101, 102],
  ]);
  made[2]!.goOn?.();
  await eventually('it is gone', () => crew.pids().length === 2);
  await delay(0);
  expect(crew.pids()).toEqual([100, 101]);
});
