import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { HeadwayError } from '../../contracts/errors';
import type { EngineName, MeasurementOptions } from './measurement';

export interface HeadwayBenchOptions extends Pick<MeasurementOptions, 'engine' | 'size' | 'seed'> {
  /** Names of the parts, in the order in which they run. */
  only: string[];
  /** JSON files of runs that `sizing` is made from, in place of this one. */
  from?: string[];
  /** Folder of the written results. */
  out: string;
}

/** What can be chosen from. */
export interface Known {
  parts: readonly string[];
  engines: readonly string[];
}

const sizes = ['quick', 'full'] as const;

export const help = ({ parts, engines }: Known): string => `npm run bench:headway -- [options]

What Headway itself costs, and how far it goes, on real servers that are started for it: a JSON file, tables in Markdown and plots.
Everything runs on this machine. It says how long it takes before it begins.

  --only A,B      of ${parts.join(', ')} (default: all); growth is every growth-...
  --engine NAME   what Temporal keeps its state in: ${engines.join(' or ')} (default: embedded)
  --size SIZE     quick: the smallest that says something (the default); full: what is published
  --seed N        decides how long each LLM call takes (default 1)
  --from A,B      with --only sizing: the JSON file of a run that has measured steady, and of one that has measured in-flight, where it is another
  --out FOLDER    default: bench/results

The engine postgres is a full Temporal server, built with Go the first time (about 4 minutes), on a PostgreSQL of its own, which has to be installed.
BENCH_HISTORY_SHARDS=N (default 128) and BENCH_SYNCHRONOUS_COMMIT=off (default on, as PostgreSQL comes) set it up.
`;

/**
 * @returns undefined when help was asked for
 * @throws HeadwayError HW_CONFIG_INVALID, one sentence that names the option
 */
export function readHeadwayBenchOptions(
  args: string[],
  known: Known,
  root: string,
): HeadwayBenchOptions | undefined {
  const values = parse(args);
  if (values.help) return undefined;
  const only = namesIn(values.only, known.parts) ?? [...known.parts];
  // What is measured now would stand beside figures of another run.
  if (values.from !== undefined && String(only) !== 'sizing')
    throw invalid('--from goes with --only sizing.');
  return {
    only,
    ...(values.from !== undefined && { from: values.from.split(',') }),
    engine: oneOf('--engine', values.engine, known.engines) as EngineName,
    size: oneOf('--size', values.size, sizes) as MeasurementOptions['size'],
    seed: wholeNumber('--seed', values.seed, 0, 2 ** 31 - 1),
    out: values.out ?? join(root, 'bench', 'results'),
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        only: { type: 'string' },
        engine: { type: 'string', default: 'embedded' },
        size: { type: 'string', default: 'quick' },
        seed: { type: 'string', default: '1' },
        out: { type: 'string' },
        from: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw invalid((error as Error).message);
  }
}

/** In the order they were named, each once. */
function namesIn(text: string | undefined, known: readonly string[]): string[] | undefined {
  if (text === undefined) return undefined;
  const names = [...new Set(text.split(',').map((name) => name.trim()))].filter((name) => name !== '');
  if (names.length === 0) throw invalid(`--only names none of ${known.join(', ')}.`);
  return [...new Set(names.flatMap((name) => partsNamed(name, known)))];
}

/** One part, or all that begin with the name and a hyphen. */
function partsNamed(name: string, known: readonly string[]): string[] {
  const group = known.filter((one) => one.startsWith(`${name}-`));
  return group.length > 0 && !known.includes(name) ? group : [oneOf('--only', name, known)];
}

function oneOf(option: string, name: string, known: readonly string[]): string {
  if (known.includes(name)) return name;
  throw invalid(`${option}: there is none named "${name}", only ${known.join(', ')}.`);
}

function wholeNumber(option: string, text: string, from: number, to: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= from && value <= to) return value;
  throw invalid(`${option} must be a whole number from ${from} to ${to}.`);
}

function invalid(message: string): HeadwayError {
  return new HeadwayError('HW_CONFIG_INVALID', message);
}
