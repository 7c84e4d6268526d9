import { z } from 'zod';
import { RESULT_MAX_BYTES_MIN } from '../../../contracts/limits';
import { isDatabaseUrl } from '../url-values';
import { LOCAL_STACK, matching, url, variable, wholeNumber } from './kinds';

const RESULT_MAX = 'a whole number from 200000 to 32000000';

export const worker = {
  DATABASE_URL: url(
    isDatabaseUrl,
    'a URL that begins with `postgres://` or `postgresql://`, with `/ ? # @ %` in a password written as `%2F %3F %23 %40 %25`',
    'PostgreSQL with the internal data that `enrich` reads, and with what workers share about the LLM (budgets, ceilings of tenants, webhooks); for the bridge with the job-id ledger.',
    LOCAL_STACK,
  ),
  WORKER_LLM_ACTIVITY_SLOTS: wholeNumber(
    1,
    20_000,
    2_500,
    'LLM activities at a time in one worker. Each of them awaits the calls of a whole pack.',
  ),
  WORKER_LOCAL_ACTIVITY_SLOTS: wholeNumber(
    1,
    5_000,
    200,
    'Short stages at a time in one worker. A workflow task has one at a time, so more than WORKER_WORKFLOW_TASK_SLOTS are never used.',
  ),
  WORKER_WORKFLOW_TASK_SLOTS: wholeNumber(
    2,
    1_000,
    16,
    'Workflow tasks at a time in one worker. Each enriches, post-processes or publishes for a whole pack, and what takes longer than its limit is done again.',
  ),
  WORKER_MAX_CACHED_WORKFLOWS: wholeNumber(
    0,
    50_000,
    2_000,
    'Workflows kept in memory. At least twice as many as are in flight, or they are replayed again and again.',
  ),
  WORKER_SHUTDOWN_GRACE_MS: wholeNumber(
    0,
    600_000,
    10_000,
    'Milliseconds that running activities get to finish after SIGTERM, before they are cancelled and taken over.',
  ),
  RESULT_MAX_BYTES: variable(
    z
      .string()
      .regex(/^\d{1,15}$/, RESULT_MAX)
      .transform(Number)
      .refine((value) => value >= RESULT_MAX_BYTES_MIN && value <= 32_000_000, RESULT_MAX)
      .optional(),
    {
      about:
        'Largest result in bytes, or less where `max.message.bytes` of the results topic is less when the worker starts; a job whose ' +
        'result may be larger fails. More than 1900000 needs `PAYLOAD_STORE`.',
      must: RESULT_MAX,
      otherwise: '900000; with `PAYLOAD_STORE` 22100000',
    },
  ),
};

export const versions = {
  HEADWAY_DEPLOYMENT: matching(
    /^[^\s.:]{1,100}$/,
    '1 to 100 characters without white space, `.` and `:`',
    'Name of the worker deployment. With it workers are versioned, and a job ends on the version it began on: ' +
      '[Change a pipeline](../guides/change-a-pipeline.md). Needs `HEADWAY_BUILD_ID` too.',
    'workers have no version, and take all jobs',
  ),
  HEADWAY_BUILD_ID: matching(
    /^\S{1,100}$/,
    '1 to 100 characters without white space',
    'Which build of workflows and pipelines this worker runs, for example the commit. Never the same for two builds that differ.',
  ),
};

export const pipelines = {
  HEADWAY_PIPELINES: matching(
    /^\s*[^\s,][^,]*(,\s*[^\s,][^,]*)*$/,
    'paths that begin with `./`, `../` or `/`, or names of npm packages, separated by commas',
    'Pipelines besides the shipped ones: compiled modules, folders of them, or npm packages, for every process. See ' +
      '[Write a pipeline](../guides/write-a-pipeline.md).',
    'only the shipped ones',
  ),
};
