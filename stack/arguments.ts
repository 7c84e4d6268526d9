import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { HeadwayError } from '../contracts/errors';
import { commandFor } from '../runtime/in-user-terms';
import type { StackOptions } from './types';

export const help = `${commandFor('stack', '[options]')}

Starts Kafka, Temporal with its UI, PostgreSQL and the LLM simulator on this machine, until Ctrl-C.
What has an explicit address (KAFKA_BROKERS, TEMPORAL_ADDRESS, DATABASE_URL, OPENAI_API_KEY or
OPENAI_BASE_URL) is left out.

  --brokers N        1 (default), or 3: a cluster with replication 3 and min.insync.replicas 2
  --data-dir FOLDER  where data and logs are kept (default: .headway/stack)
  --fresh            delete the data of earlier runs first
  --time-scale X     stretches the simulated LLM's 5-10 s: 0.1 makes them 0.5-1 s
  --seed N           seed of the simulated LLM
  --help
`;

/** What the command line asks for. Throws HW_CONFIG_INVALID with one sentence that names the option at fault. */
export function readArguments(args: string[]): StackOptions & { help: boolean } {
  const values = parse(args);
  return {
    help: values.help,
    brokers: readBrokers(values.brokers),
    dataDir: values['data-dir'] === undefined ? undefined : resolve(values['data-dir']),
    fresh: values.fresh,
    simulator: {
      seed: readNumber('--seed', values.seed, Number.isSafeInteger),
      timeScale: readNumber('--time-scale', values['time-scale'], (value) => value >= 0),
    },
  };
}

function parse(args: string[]) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        brokers: { type: 'string', default: '1' },
        'data-dir': { type: 'string' },
        fresh: { type: 'boolean', default: false },
        'time-scale': { type: 'string' },
        seed: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    return values;
  } catch (error) {
    // Node adds hints about positional arguments, which there are none of.
    const sentence = (error as Error).message.split(/\.(?=\s|$)/)[0];
    throw invalid(`${sentence}. Use --help to see what there is.`, error);
  }
}

function readBrokers(value: string): 1 | 3 {
  if (value === '1') return 1;
  if (value === '3') return 3;
  throw invalid(`--brokers must be 1 or 3, not '${value}'.`);
}

function readNumber(
  name: string,
  value: string | undefined,
  isValid: (value: number) => boolean,
): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (value.trim() === '' || !Number.isFinite(number) || !isValid(number))
    throw invalid(`${name} cannot be '${value}'.`);
  return number;
}

function invalid(sentence: string, cause?: unknown): HeadwayError {
  return new HeadwayError('HW_CONFIG_INVALID', sentence, { cause });
}
