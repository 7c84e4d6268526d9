import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endProcesses } from '../support/processes';
import { run } from './suite/run';
import { shortForm } from './suite/short-form';

/** The short form of `npm run test:faults`, on servers of its own: these are killed. */
const outerStackFile = process.env.HEADWAY_STACK_FILE;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headway-faults-'));
});

afterAll(async () => {
  await endProcesses();
  process.env.HEADWAY_STACK_FILE = outerStackFile;
  await rm(folder, { recursive: true, force: true });
});

test('a fault of each kind, one after the other, loses nothing, blocks nothing and runs nothing twice', async () => {
  const lines: string[] = [];
  const report = await run({
    seed: 4,
    brokers: 1,
    partitions: 3,
    bridges: 2,
    workers: 2,
    // So that a lost job is told of by the report, and not by the limit of this test.
    settleLimitMs: 240_000,
    rate: 6,
    timeScale: 0.05,
    faultScale: 0.05,
    twice: false,
    faults: shortForm,
    mode: 'once',
    folder,
    env: {},
    say: (line) => lines.push(line),
    signal: new AbortController().signal,
  });
  const said = lines.join('\n');
  expect({ broken: report.broken, said }).toEqual({ broken: [], said });
  expect(report.jobs).toBeGreaterThan(100);
  // Each struck once, and had an effect.
  const struck = report.strikes.filter(({ outcome }) => outcome === 'struck').map(({ fault }) => fault);
  expect({ struck: struck.sort(), said }).toEqual({ struck: shortForm.map(({ name }) => name).sort(), said });
}, 600_000);
