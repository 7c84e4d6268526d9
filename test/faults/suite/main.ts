import { randomInt } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { messageOf } from '../../../contracts/errors';
import { interruption } from '../../../stack/interruption';
import { chooseFaults } from './choose-faults';
import { allFaults } from './faults';
import type { Fault } from './faults/fault';
import { toMarkdown } from './report';
import { run } from './run';

interface Arguments {
  seed: number;
  minutes: number;
  fault: string[];
  each: boolean;
  brokers: '1' | '3';
  rate: number;
  faultScale: number;
  timeScale: number;
  twice: boolean;
  ledger: boolean;
  folder?: string;
  report?: string;
}

const command = new Command('npm run test:faults --')
  .description(
    'Produces jobs without pause on real servers while faults strike, waits for quiet, and counts.',
  )
  .option(
    '--seed <number>',
    'replays the same jobs and the same schedule',
    wholeNumber,
    randomInt(1, 1_000_000),
  )
  .option(
    '--minutes <number>',
    'how long faults strike, mixed; then everything is settled and checked',
    positive,
    3,
  )
  .option('--fault <name...>', 'only these faults (see --list)', [] as string[])
  .option('--each', 'each fault by itself, settled before the next, instead of mixed', false)
  .addOption(new Option('--brokers <number>', 'Kafka brokers').choices(['1', '3']).default('1'))
  .option('--rate <number>', 'records a second', positive, 4)
  .option('--fault-scale <number>', 'multiplies how long faults last', positive, 1)
  .option('--time-scale <number>', 'multiplies the latency of the LLM simulator', positive, 0.2)
  .option('--twice', 'every record is produced twice; implies --ledger', false)
  .option('--ledger', 'JOB_ID_DEDUPE=ledger', false)
  .option('--folder <path>', 'logs, data and dumps; a temporary folder otherwise')
  .option('--report <file>', 'writes the report there, as JSON')
  .option('--list', 'the faults there are');

const interrupted = interruption();

async function main(): Promise<number> {
  command.parse();
  if (command.opts<{ list?: boolean }>().list) {
    for (const { name, brokers, about } of allFaults)
      console.log(`${name.padEnd(36)} ${about}${brokers ? ` (--brokers ${brokers})` : ''}`);
    return 0;
  }
  const given = command.opts<Arguments>();
  const beganAt = Date.now();
  const say = (line: string) => console.log(`${elapsed(beganAt)} ${line}`);
  // Whatever waits listens to it.
  setMaxListeners(0, interrupted.signal);

  const brokers = Number(given.brokers) as 1 | 3;
  const faults = chosen(given.fault, brokers);
  const folder = given.folder ?? mkdtempSync(join(tmpdir(), 'headway-faults-'));
  mkdirSync(folder, { recursive: true });
  say(`seed ${given.seed}, ${faults.length} kinds of faults, ${brokers} broker(s); logs in ${folder}`);
  const report = await run({
    seed: given.seed,
    brokers,
    partitions: 3,
    bridges: 2,
    workers: 2,
    rate: given.rate,
    timeScale: given.timeScale,
    faultScale: given.faultScale,
    twice: given.twice,
    faults,
    mode: given.each ? 'each' : { mixedForMs: given.minutes * 60_000 },
    folder,
    env: { JOB_ID_DEDUPE: given.ledger || given.twice ? 'ledger' : 'off' },
    say,
    signal: interrupted.signal,
  });
  if (given.report) writeFileSync(given.report, `${JSON.stringify(report, null, 2)}\n`);
  console.log(`\n${toMarkdown(report)}\n`);
  if (report.broken.length === 0) return 0;
  console.log(`Broken with seed ${given.seed}:\n${report.broken.map((line) => `- ${line}`).join('\n')}`);
  return 1;
}

function chosen(names: string[], brokers: 1 | 3): Fault[] {
  try {
    return chooseFaults(names, brokers);
  } catch (error) {
    return command.error(`error: ${messageOf(error)}`);
  }
}

function elapsed(since: number): string {
  const seconds = Math.round((Date.now() - since) / 1_000);
  return `[${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}]`;
}

function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('It must be a number greater than 0.');
  return value;
}

main().then(
  (status) => process.exit(status),
  (error: unknown) => {
    if (interrupted.signal.aborted) {
      console.log('Interrupted: everything is stopped, and there is no verdict.');
      process.exit(interrupted.exitCode());
    }
    console.error(error);
    process.exit(2);
  },
);
