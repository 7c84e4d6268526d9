import { readCompareOptions } from '../../../bench/compare/options';
import { scenarios } from '../../../bench/compare/scenarios';

const known = ['sequential', 'headway'];
const read = (...args: string[]) => readCompareOptions(args, known, '/project');
const problemOf = (...args: string[]): string => {
  try {
    read(...args);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error(`${args.join(' ')} was taken`);
};

it('is quick unless told otherwise: everyone in one scenario, once', () => {
  expect(read()).toMatchObject({
    mode: 'quick',
    contenders: known,
    repetitions: 1,
    seed: 1,
    timeScale: 0.2,
    slots: 50,
  });
  expect(read()?.scenarios.map(({ name }) => name)).toEqual(['mixed']);
  expect(read()?.out).toBe('/project/bench/results');
  expect(read('--quick')).toEqual(read());
});

it('is every scenario three times with --full', () => {
  expect(read('--full')).toMatchObject({ mode: 'full', repetitions: 3, scenarios });
});

it('takes what it is given', () => {
  const args =
    '--contenders headway --scenarios burst,calm --repetitions 2 --seed 7 --time-scale 0.5 --slots 20 --out there';
  expect(read(...args.split(' '))).toMatchObject({
    ...{ contenders: ['headway'], repetitions: 2, seed: 7, timeScale: 0.5, slots: 20, out: 'there' },
    scenarios: [{ name: 'burst' }, { name: 'calm' }],
  });
});

it('takes each name once, in the order given', () => {
  expect(read('--contenders', 'headway, sequential,headway')?.contenders).toEqual(['headway', 'sequential']);
});

it('gives nothing when help is asked for', () => {
  expect(read('--help')).toBeUndefined();
});

it.each([
  [['--contenders', 'headway,flnk'], '--contenders: there is none named "flnk", only sequential, headway.'],
  [['--scenarios', 'storm'], '--scenarios: there is none named "storm"'],
  [['--scenarios', ','], '--scenarios names none of'],
  [['--repetitions', '0'], '--repetitions must be a whole number from 1 to 20.'],
  [['--repetitions', '2.5'], '--repetitions must be'],
  [['--slots', '4'], '--slots must be a whole number from 5 to 500.'],
  [['--seed', 'x'], '--seed must be'],
  [['--time-scale', '0'], '--time-scale must be a number from 0.05 to 1.'],
  [['--time-scale', ''], '--time-scale must be'],
  [['--quick', '--full'], '--quick and --full'],
  [['--sceanrios', 'calm'], '--sceanrios'],
])('says which option is wrong: %p', (args, message) => {
  expect(problemOf(...args)).toContain(message);
});
