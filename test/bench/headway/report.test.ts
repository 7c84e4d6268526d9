import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readEarlier } from '../../../bench/headway/report/read-earlier';
import { writeReport } from '../../../bench/headway/report/write-report';
import type { PartText, Written } from '../../../bench/headway/report/written';

const written: Written = {
  ...{
    date: '2026-01-31',
    machine: '2 cores',
    command: 'npm run bench:headway',
    versions: { kafka: '4.3.1' },
  },
  options: { engine: 'embedded', size: 'quick', seed: 1 },
  parts: {
    cost: { title: 'What a job costs', seconds: 60, figures: { rounds: [1, 2] } },
    growth: { title: 'How it grows', seconds: 1, problem: 'the server ended' },
  },
};
const texts = new Map<string, PartText>([
  ['cost', { markdown: 'a table\n', charts: { cpu: '<svg>bars</svg>' } }],
]);

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'headway-report-'))));
afterEach(() => rm(folder, { recursive: true, force: true }));

it('writes figures, text and plots, and says where', async () => {
  const paths = await writeReport(join(folder, 'new'), written, texts);
  const names = ['.json', '.md', '-cpu.svg'].map((end) => `headway-2026-01-31-embedded${end}`);
  expect((await readdir(join(folder, 'new'))).sort()).toEqual([...names].sort());
  expect(paths).toEqual(names.map((name) => join(folder, 'new', name)));
  const [json = '', , svg = ''] = await Promise.all(paths.map((path) => readFile(path, 'utf8')));
  expect(JSON.parse(json)).toEqual(written);
  expect(svg).toBe('<svg>bars</svg>\n');
});

it('has a section for each part, with its plots, and says of one that failed why', async () => {
  const [, path = ''] = await writeReport(folder, written, texts);
  const text = await readFile(path, 'utf8');
  expect(text).toContain('## What a job costs\n\na table\n\n![cpu](headway-2026-01-31-embedded-cpu.svg)');
  expect(text).toContain('## How it grows\n\nNot measured: the server ended\n');
  expect(text).toContain('kafka 4.3.1');
});

describe('runs that are read again', () => {
  const runOf = async (name: string, machine: string, parts: Written['parts']) => {
    const [path = ''] = await writeReport(join(folder, name), { ...written, machine, parts }, texts);
    return path;
  };
  const part = (figures: unknown) => ({ title: 'a part', seconds: 1, figures });

  it('are as if they had been one, where the first has measured more', async () => {
    const first = await runOf('first', 'this machine', { cost: part(1) });
    const second = await runOf('second', 'this machine', { cost: part(2), growth: part(3) });
    const { machine, parts } = await readEarlier([first, second]);
    expect(machine).toBe('this machine');
    expect(parts).toMatchObject({ cost: { figures: 1 }, growth: { figures: 3 } });
  });

  it('make up for a part that failed', async () => {
    const failed = { title: 'a part', seconds: 1, problem: 'no' };
    const first = await runOf('first', 'this machine', { cost: failed });
    const second = await runOf('second', 'this machine', { cost: part(2) });
    expect((await readEarlier([first, second])).parts).toMatchObject({ cost: { figures: 2 } });
  });

  it.each([
    ['engine', { options: { ...written.options, engine: 'postgres' as const } }],
    ['version', { versions: { kafka: '4.4.0' } }],
  ])('are refused when they are of another %s', async (_, other) => {
    const first = await runOf('first', 'this machine', { cost: part(1) });
    const [second = ''] = await writeReport(
      join(folder, 'second'),
      { ...written, machine: 'this machine', ...other },
      texts,
    );
    await expect(readEarlier([first, second])).rejects.toThrow(
      /was measured on .*(postgres engine|kafka 4\.4\.0)/,
    );
  });

  it('are refused when they are of different machines', async () => {
    const first = await runOf('first', 'this machine', { cost: part(1) });
    const second = await runOf('second', 'another', { growth: part(3) });
    const reading = readEarlier([first, second]);
    await expect(reading).rejects.toMatchObject({ code: 'HW_CONFIG_INVALID' });
    await expect(reading).rejects.toThrow(`--from: ${second} was measured on another, embedded engine`);
  });

  it('are refused when one is none', async () => {
    await expect(readEarlier([join(folder, 'none.json')])).rejects.toThrow('--from: ');
  });
});
