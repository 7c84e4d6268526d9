import { help, readHeadwayBenchOptions } from '../../../bench/headway/options';

const known = { parts: ['handoff', 'cost', 'growth'], engines: ['embedded', 'postgres'] };
const read = (...args: string[]) => readHeadwayBenchOptions(args, known, '/project');
const problemOf = (...args: string[]): string => {
  try {
    read(...args);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error(`${args.join(' ')} was taken`);
};

it('is every part at its smallest, on the embedded engine, unless told otherwise', () => {
  expect(read()).toEqual({
    ...{ only: known.parts, engine: 'embedded', size: 'quick', seed: 1 },
    out: '/project/bench/results',
  });
});

it('takes what it is given, each part once, in the order given', () => {
  const args = '--only growth,cost,growth --engine postgres --size full --seed 7 --out there';
  expect(read(...args.split(' '))).toEqual({
    ...{ only: ['growth', 'cost'], engine: 'postgres', size: 'full', seed: 7, out: 'there' },
  });
});

it('takes several parts by what their names begin with', () => {
  const parts = ['cost', 'growth-history', 'growth-workers', 'growth'];
  const only = (text: string, names: string[]) =>
    readHeadwayBenchOptions(['--only', text], { ...known, parts: names }, '/project')?.only;
  expect(only('growth,growth-history,cost', parts.slice(0, 3))).toEqual([
    ...['growth-history', 'growth-workers', 'cost'],
  ]);
  expect(only('growth', parts)).toEqual(['growth']);
});

it('takes a file for sizing alone', () => {
  const names = { ...known, parts: ['cost', 'sizing'] };
  const from = (only: string) =>
    readHeadwayBenchOptions(['--only', only, '--from', 'run.json'], names, '/project')?.from;
  expect(from('sizing')).toEqual(['run.json']);
  expect(() => from('cost,sizing')).toThrow('--from goes with --only sizing.');
});

it('gives nothing when help is asked for, which names parts and engines', () => {
  expect(read('--help')).toBeUndefined();
  expect(help(known)).toContain('handoff, cost, growth');
  expect(help(known)).toContain('embedded or postgres');
});

it.each([
  [['--only', 'handoff,cots'], '--only: there is none named "cots", only handoff, cost, growth.'],
  [['--only', ','], '--only names none of handoff, cost, growth.'],
  [['--engine', 'mysql'], '--engine: there is none named "mysql", only embedded, postgres.'],
  [['--size', 'big'], '--size: there is none named "big", only quick, full.'],
  [['--seed', '1.5'], '--seed must be a whole number'],
  [['--seed', 'x'], '--seed must be a whole number'],
  [['--olny', 'cost'], '--olny'],
])('says which option is wrong: %p', (args, message) => {
  expect(problemOf(...args)).toContain(message);
});
