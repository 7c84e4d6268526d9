import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { HeadwayError, messageOf } from '../contracts/errors';

export const help = `npm run demo -- [options]

Starts Kafka, Temporal, PostgreSQL and an LLM simulator on this machine, one bridge and one worker, sends
jobs through them, and says what became of each. What has an explicit address (KAFKA_BROKERS,
TEMPORAL_ADDRESS, DATABASE_URL, OPENAI_API_KEY or OPENAI_BASE_URL) is used instead of being started.

  --jobs N           how many jobs (default: 600; 10 with a real LLM; the whole file with --input)
  --input FILE.jsonl jobs of your own, one JSON object a line, instead of those in examples/
  --keep             leave everything running at the end, to look around, until Ctrl-C
  --yes              yes, make real LLM calls, which cost money, when OPENAI_API_KEY is set
  --help

The exit status is 0 when every job has exactly one result, and each record that is not a job is a dead letter.
`;

export interface DemoArguments {
  help: boolean;
  jobs?: number;
  /** Absolute path. */
  input?: string;
  keep: boolean;
  yes: boolean;
}

const maxJobs = 200_000;

/** What the command line asks for. Throws HW_CONFIG_INVALID with one sentence that names the option at fault. */
export function readArguments(args: string[]): DemoArguments {
  const { jobs, input, ...flags } = parse(args);
  return {
    ...flags,
    jobs: jobs === undefined ? undefined : readJobs(jobs),
    input: input === undefined ? undefined : resolve(input),
  };
}

function parse(args: string[]) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        jobs: { type: 'string' },
        input: { type: 'string' },
        keep: { type: 'boolean', default: false },
        yes: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    return values;
  } catch (error) {
    // Node adds hints about positional arguments, which there are none of.
    const sentence = messageOf(error).split(/\.(?=\s|$)/)[0];
    throw invalid(`${sentence}. Use --help to see what there is.`, error);
  }
}

function readJobs(value: string): number {
  const jobs = Number(value);
  if (/^\d+$/.test(value) && jobs >= 1 && jobs <= maxJobs) return jobs;
  throw invalid(`--jobs must be a whole number from 1 to ${maxJobs}, not '${value}'.`);
}

function invalid(sentence: string, cause?: unknown): HeadwayError {
  return new HeadwayError('HW_CONFIG_INVALID', sentence, { cause });
}
