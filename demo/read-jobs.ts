import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { HeadwayError, messageOf } from '../contracts/errors';
import type { Pipeline } from '../pipelines/define-pipeline';
import { pipelineNamed as shippedPipeline } from '../pipelines/registry';
import { projectRoot } from '../runtime/project-root';
import { classify, isJob, withId, type DemoJob, type DemoRecord } from './demo-records';

/** Enough to see them come in one after the other. */
const oneByOneCount = 5;

/** Kafka takes at most 1 MB at a time by default. */
const lineMaxBytes = 900_000;

export interface DemoPlan {
  /** First, with a pause after each. */
  oneByOne: DemoRecord[];
  /** Then, all together. */
  atOnce: DemoRecord[];
}

export interface PlanOptions {
  /** A file to take instead of the examples. */
  input?: string;
  /** Default: what `input` holds, or `defaultJobs` of the examples. */
  jobs?: number;
  defaultJobs: number;
  /** The simulator does what a `[[simulate: ...]]` asks for; a real model would wonder. */
  simulated: boolean;
  /** Default: the shipped pipelines. */
  pipelineNamed?: (name: string) => Pipeline;
}

/**
 * What the demo sends. Of the jobs that are asked for, up to two are those of examples/special.jsonl; its record that is no job
 * comes on top. A file of one's own is sent as it is, or repeated under new ids until there are enough.
 *
 * @throws HeadwayError `HW_CONFIG_INVALID` when a file cannot be read or used
 */
export async function planJobs(options: PlanOptions): Promise<DemoPlan> {
  const { input, jobs, defaultJobs, simulated, pipelineNamed = shippedPipeline } = options;
  if (input !== undefined) return planFile(await readRecords(input, pipelineNamed), input, jobs);

  const examples = join(projectRoot(), 'examples');
  const ordinary = (await readRecords(join(examples, 'company-brief.jsonl'), pipelineNamed)).filter(isJob);
  const special = await readRecords(join(examples, 'special.jsonl'), pipelineNamed);
  const count = jobs ?? defaultJobs;
  const specialJobs = special.filter(isJob).slice(0, simulated ? count - 1 : 0);
  const notJobs = special.filter((record) => !isJob(record));
  const rest = repeat(ordinary, count - specialJobs.length);
  return {
    oneByOne: rest.slice(0, oneByOneCount),
    // Trouble goes first: everything behind it shows that it need not wait.
    atOnce: [...specialJobs, ...notJobs, ...rest.slice(oneByOneCount)],
  };
}

function planFile(records: DemoRecord[], file: string, count: number | undefined): DemoPlan {
  const jobs = records.filter(isJob);
  const wanted = new Set<DemoRecord>(jobs.slice(0, count));
  const more = repeat(jobs, count ?? jobs.length).slice(jobs.length);
  const all = [...records.filter((record) => !isJob(record) || wanted.has(record)), ...more];
  if (all.length === 0) throw invalid(`${file} has no lines.`);
  checkIds(all.filter(isJob));
  return { oneByOne: all.slice(0, oneByOneCount), atOnce: all.slice(oneByOneCount) };
}

/** The first `count` jobs; once they run out, the same again under new ids. */
function repeat(jobs: DemoJob[], count: number): DemoJob[] {
  const rounds = jobs.length === 0 ? 0 : Math.ceil(count / jobs.length);
  return Array.from({ length: rounds }, (_, round) =>
    round === 0 ? jobs : jobs.map((job) => withId(job, `${job.jobId}-${round + 1}`)),
  )
    .flat()
    .slice(0, count);
}

/** Two jobs of one id would have two results of one id, which is what the demo looks for as a mistake. */
function checkIds(jobs: DemoJob[]): void {
  const seen = new Map<string, DemoJob>();
  for (const job of jobs) {
    const other = seen.get(job.jobId);
    if (other) throw invalid(`${other.origin} and ${job.origin} have the same id: ${job.jobId}.`);
    seen.set(job.jobId, job);
  }
}

async function readRecords(file: string, pipelineNamed: (name: string) => Pipeline): Promise<DemoRecord[]> {
  const records: DemoRecord[] = [];
  for (const [index, line] of linesOf(await read(file)).entries()) {
    if (line.toString('latin1').trim() === '') continue;
    const origin = `${basename(file)}, line ${index + 1}`;
    if (line.length > lineMaxBytes)
      throw invalid(`${origin} has ${line.length} bytes; at most ${lineMaxBytes} can be sent.`);
    records.push(classify(line, origin, `line-${index + 1}`, pipelineNamed));
  }
  return records;
}

async function read(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    const known: Record<string, string> = { ENOENT: 'there is no such file', EISDIR: 'it is a folder' };
    const why = known[code] ?? messageOf(error);
    throw invalid(`${file} cannot be read: ${why}.`, error);
  }
}

/** As bytes, so that a line which is not UTF-8 arrives at the bridge as it is. */
function linesOf(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  let start = 0;
  for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, start)) {
    lines.push(bytes.subarray(start, bytes[end - 1] === 13 ? end - 1 : end));
    start = end + 1;
  }
  return [...lines, bytes.subarray(start)];
}

function invalid(sentence: string, cause?: unknown): HeadwayError {
  return new HeadwayError('HW_CONFIG_INVALID', sentence, { cause });
}
