import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { HeadwayError, messageOf } from '../contracts/errors';
import { projectRoot } from '../runtime/project-root';

export const help = `npm run demo -- [options]

Starts Kafka, Temporal, PostgreSQL and an LLM simulator on this machine, one bridge and one worker, sends
jobs through them, and says what became of each. What has an explicit address (KAFKA_BROKERS,
TEMPORAL_ADDRESS, DATABASE_URL, OPENAI_API_KEY or OPENAI_BASE_URL) is used instead of being started.

  --jobs N           how many jobs (default: 600; 10 with a real LLM; the whole file with --input or --pipeline)
  --pipeline NAME    the examples of that pipeline: company-brief (default) or document-triage
  --input FILE.jsonl jobs of your own, one JSON object a line, instead of those in examples/
  --keep             leave everything running at the end, to look around, until Ctrl-C
  --yes              yes, make real LLM calls, which cost money, when OPENAI_API_KEY is set
  --help

The exit status is 0 when every job has exactly one result, and each record that is not a job is a dead letter.
`;

export interface DemoArguments {
  help: boolean;
  jobs?: number;
  /** Absolute path, also of the examples of a pipeline. */
  input?: string;
  keep: boolean;
  yes: boolean;
}

const maxJobs = 200_000;

/** What the command line asks for. Throws HW_CONFIG_INVALID with one sentence that names the option at fault. */
export function readArguments(args: string[]): DemoArguments {
  const { jobs, input, pipeline, ...flags } = parse(args);
  if (input !== undefined && pipeline !== undefined) {
    throw invalid('--pipeline and --input cannot both say what to send.');
  }
  const file = input === undefined ? examplesOf(pipeline) : resolve(input);
  return {
    ...flags,
    jobs: jobs === undefined ? undefined : readJobs(jobs),
    input: file,
  };
}

function parse(args: string[]) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        jobs: { type: 'string' },
        input: { type: 'string' },
        pipeline: { type: 'string' },
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

/** Those of company-brief are what the demo tells its story with, so they need no name. */
function examplesOf(pipeline: string | undefined): string | undefined {
  if (pipeline === undefined || pipeline === 'company-brief') return undefined;
  const file = join(projectRoot(), 'examples', `${pipeline}.jsonl`);
  if (/^[a-z0-9-]+$/.test(pipeline) && existsSync(file)) return file;
  throw invalid(`--pipeline: there are no examples of '${pipeline}'; give jobs of your own with --input.`);
}

function readJobs(value: string): number {
  const jobs = Number(value);
  if (/^\d+$/.test(value) && jobs >= 1 && jobs <= maxJobs) return jobs;
  throw invalid(`--jobs must be a whole number from 1 to ${maxJobs}, not '${value}'.`);
}

function invalid(sentence: string, cause?: unknown): HeadwayError {
  return new HeadwayError('HW_CONFIG_INVALID', sentence, { cause });
}
