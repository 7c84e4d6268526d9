import type { PackInput } from '../contracts/pack';
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
  job(index: number): JobProgress;
  policy(index: number): PipelinePolicy;
}

export function openPack(input: PackInput): Pack {
  const jobs = input.jobs.map(newProgress);
  const policies = Object.values(input.policies);
  const budget = taskBudget();
  const job = (index: number) => present(jobs[index], `job ${index}`);
  return {
    jobs,
    policies,
    llmTaskQueue: input.llmTaskQueue,
    stages: shortStages(policies, budget),
    llm: llmStage(input.llmTaskQueue, policies),
    work: new SideBySide(),
    budget,
    answers: 0,
    job,
    policy: (index) => {
      const { pipeline } = job(index).job;
      return present(input.policies[pipeline], `policy of pipeline ${pipeline}`);
    },
  };
}

function present<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`Not in this pack: ${what}`);
  return value;
}
