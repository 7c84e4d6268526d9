import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { HeadwayError } from '../../contracts/errors';
import { allScenarios, mixed, scenarios, type Scenario } from './scenarios';

export interface CompareOptions {
  mode: 'quick' | 'full';
  /** Names. */
  contenders: string[];
  scenarios: Scenario[];
  repetitions: number;
  seed: number;
  /** Multiplies every time. */
  timeScale: number;
  /** Jobs at a time in each consumer. The load grows with it. */
  slots: number;
  /** Folder of the written results. */
  out: string;
}

export const help = (contenders: readonly string[]): string => `npm run bench -- [options]

Runs ways of consuming side by side, on one real broker and one simulated LLM, and writes what each of them loses, doubles, blocks and costs:
a JSON file, a table in Markdown and plots. Everything runs on this machine.

  --quick             one short scenario in which everything happens, once (the default; under 15 minutes)
  --full              every scenario, three times (hours; it says how many)
  --contenders A,B    of ${contenders.join(', ')} (default: all)
  --scenarios A,B     of ${allScenarios.map(({ name }) => name).join(', ')}
  --repetitions N     runs of each contender in each scenario, 1 to 20
  --seed N            decides when jobs come, how long they take and when what goes wrong (default 1)
  --time-scale X      every time is multiplied by it, 0.05 to 1 (default 0.2: a call takes 1-2 s instead of 5-10 s)
  --slots N           jobs at a time in each of the two consumers, 5 to 500; the load grows with it (default 50)
  --out FOLDER        default: bench/results
`;

/**
 * @param known names of all contenders
 * @returns undefined when help was asked for
 * @throws HeadwayError HW_CONFIG_INVALID, one sentence that names the option
 */
export function readCompareOptions(
  args: string[],
  known: readonly string[],
  root: string,
): CompareOptions | undefined {
  const { values } = parse(args);
  if (values.help) return undefined;
  if (values.quick && values.full) throw invalid('--quick and --full: only one of them.');
  const mode = values.full ? 'full' : 'quick';
  const usual = mode === 'full' ? scenarios : [mixed];
  return {
    mode,
    contenders: chosen('--contenders', values.contenders, known) ?? [...known],
    scenarios: chosen(
      '--scenarios',
      values.scenarios,
      allScenarios.map(({ name }) => name),
    )?.flatMap((name) => allScenarios.filter((one) => one.name === name)) ?? [...usual],
    repetitions: wholeNumber('--repetitions', values.repetitions ?? (mode === 'full' ? '3' : '1'), 1, 20),
    seed: wholeNumber('--seed', values.seed, 0, 2 ** 31 - 1),
    slots: wholeNumber('--slots', values.slots, 5, 500),
    timeScale: timeScaleIn(values['time-scale']),
    out: values.out ?? join(root, 'bench', 'results'),
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        quick: { type: 'boolean', default: false },
        full: { type: 'boolean', default: false },
        contenders: { type: 'string' },
        scenarios: { type: 'string' },
        repetitions: { type: 'string' },
        seed: { type: 'string', default: '1' },
        'time-scale': { type: 'string', default: '0.2' },
        slots: { type: 'string', default: '50' },
        out: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw invalid((error as Error).message);
  }
}

/** In the order they were named, each once. */
function chosen(option: string, text: string | undefined, known: readonly string[]): string[] | undefined {
  if (text === undefined) return undefined;
  const names = [...new Set(text.split(',').map((name) => name.trim()))].filter((name) => name !== '');
  if (names.length === 0) throw invalid(`${option} names none of ${known.join(', ')}.`);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw invalid(`${option}: there is none named "${unknown}", only ${known.join(', ')}.`);
  }
  return names;
}

function wholeNumber(option: string, text: string, from: number, to: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= from && value <= to) return value;
  throw invalid(`${option} must be a whole number from ${from} to ${to}.`);
}

function timeScaleIn(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0.05 && value <= 1) return value;
  throw invalid('--time-scale must be a number from 0.05 to 1.');
}

function invalid(message: string): HeadwayError {
  return new HeadwayError('HW_CONFIG_INVALID', message);
}
