import { CancellationScope } from '@temporalio/workflow';
import type { JobResult } from '../contracts/job-result';
import type { PackInput, PackJob } from '../contracts/pack';
import type { PipelinePolicy } from '../contracts/policy';
import { newProgress, type JobProgress } from './job-progress';
import { SideBySide } from './side-by-side';
import { llmStage, shortStages } from './stage-activities';
import { taskBudget, type TaskBudget } from './task-budget';

/** What the parts of `processPack` share. A job is named by its place, since two records may carry the same id. */
export interface Pack {
  jobs: JobProgress[];
  policies: PipelinePolicy[];
  llmTaskQueue: string;
  stages: ReturnType<typeof shortStages>;
  llm: ReturnType<typeof llmStage>;
  work: SideBySide;
  /** What is large asks here before it goes into the history. */
  budget: TaskBudget;
  /** Answers had so far. While this number grows, a job that keeps failing has trouble of its own. */
  answers: number;
  /** Results that are published, by the place of their job. */
  results: Map<number, JobResult>;
  /** Jobs that are about to leave. */
  moving: Set<number>;
  /** Jobs that are being post-processed, unless an ordinary activity does so: nothing of that is in the history yet. */
  postProcessing: Set<number>;
  /** The jobs that still run are given an end together, since the workflow ends. */
  isEnding: boolean;
  /** Decisions about deadlines rest on what is in the history, and not on the clock. In workflows of before they rested on that. */
  deadlinesAreDurable: boolean;
  /** All stages run inside. Cancelled when no job is left that needs them. */
  scope: CancellationScope;
  /** Told of each job that ended while its stages were at work. */
  watchers: Set<(index: number) => void>;
  /** Batches of LLM calls being made at present. A call nobody knows of yet cannot be stopped. */
  callsBeingMade: number;
  /** Whether nothing has decided yet how this job ends here. */
  isOpen(index: number): boolean;
  /** A job has ended without its stages: they are stopped, as far as no other job needs them. */
  endedEarly(index: number): void;
  /** To be called when a job ended or left, or a batch of calls has been made. */
  stopIfDone(): void;
  job(index: number): JobProgress;
  policy(index: number): PipelinePolicy;
}

export function openPack(input: PackInput): Pack {
  const policyOf = ({ pipeline }: PackJob) =>
    present(input.policies[pipeline], `policy of pipeline ${pipeline}`);
  const jobs = input.jobs.map((one) => newProgress(one, policyOf(one)));
  const policies = Object.values(input.policies);
  const budget = taskBudget();
  const job = (index: number) => present(jobs[index], `job ${index}`);
  const scope = new CancellationScope();
  let someEndedEarly = false;
  const pack: Pack = {
    jobs,
    policies,
    llmTaskQueue: input.llmTaskQueue,
    stages: shortStages(policies, budget),
    llm: llmStage(input.llmTaskQueue, policies),
    work: new SideBySide(),
    budget,
    answers: 0,
    results: new Map(),
    moving: new Set(),
    postProcessing: new Set(),
    isEnding: false,
    deadlinesAreDurable: false,
    scope,
    watchers: new Set(),
    callsBeingMade: 0,
    isOpen: (index) => job(index).status === 'running' && !pack.moving.has(index),
    endedEarly(index) {
      someEndedEarly = true;
      for (const watcher of [...pack.watchers]) watcher(index);
      pack.stopIfDone();
    },
    stopIfDone() {
      const done = jobs.every(({ status }) => status !== 'running') && pack.callsBeingMade === 0;
      if (someEndedEarly && done) scope.cancel();
    },
    job,
    policy: (index) => policyOf(job(index).job),
  };
  return pack;
}

function present<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`Not in this pack: ${what}`);
  return value;
}
