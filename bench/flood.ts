import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { HeadwayError } from '../contracts/errors';
import { runMain } from '../runtime/run-main';
import { measureInFlight } from './flood/in-flight';
import { measureWaiting } from './flood/waiting';

const help = `npm run bench:flood -- [options]

Two floods, each on real servers of its own. Prints the figures as JSON. Exit code 1 when the audit finds a job lost.

  --waiting N       records that wait in the queue while the bridge is paused most of the time (default 200000; 0 leaves it out)
  --minutes N       how long a worker drains them (default 4)
  --marks HIGH,LOW  packs in flight at which the bridge pauses and goes on (default 100,50)
  --in-flight N     jobs that wait for the LLM at once, in one worker (default 20000; 0 leaves it out)
  --llm-seconds N   what each of their calls takes (default 150)
  --plots FOLDER    writes an SVG for each
`;

void runMain('bench', async () => {
  const { values } = parseArgs({
    options: {
      waiting: { type: 'string', default: '200000' },
      minutes: { type: 'string', default: '4' },
      marks: { type: 'string', default: '100,50' },
      'in-flight': { type: 'string', default: '20000' },
      'llm-seconds': { type: 'string', default: '150' },
      plots: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void process.stdout.write(help);
  const records = wholeNumber('--waiting', values.waiting, 0, 2_000_000);
  const minutes = wholeNumber('--minutes', values.minutes, 1, 60);
  const [high = '', low = ''] = values.marks.split(',');
  const inFlightHigh = wholeNumber('--marks', high, 2, 100_000);
  const inFlightLow = wholeNumber('--marks', low, 1, inFlightHigh - 1);
  const jobs = wholeNumber('--in-flight', values['in-flight'], 0, 50_000);
  const llmSeconds = wholeNumber('--llm-seconds', values['llm-seconds'], 1, 170);

  const figures: Record<string, unknown> = {
    machine: `${availableParallelism()} cores, Node.js ${process.version}`,
  };
  const save = async (name: string, measured: { figures: { auditOk: boolean }; chart: string }) => {
    figures[name] = measured.figures;
    if (!measured.figures.auditOk) process.exitCode = 1;
    if (values.plots === undefined) return;
    await mkdir(values.plots, { recursive: true });
    await writeFile(join(values.plots, `flood-${name}.svg`), `${measured.chart}\n`);
  };
  if (records > 0)
    await save('waiting', await measureWaiting({ records, minutes, inFlightHigh, inFlightLow }));
  if (jobs > 0) await save('in-flight', await measureInFlight({ jobs, llmSeconds }));
  process.stdout.write(`${JSON.stringify(figures, undefined, 2)}\n`);
});

function wholeNumber(option: string, text: string, from: number, to: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= from && value <= to) return value;
  throw new HeadwayError('HW_CONFIG_INVALID', `${option} must be a whole number from ${from} to ${to}.`);
}
