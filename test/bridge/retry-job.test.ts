import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { defaultDataConverter, toPayloads } from '@temporalio/common';
import { z } from 'zod';
import { answerTo } from '../../bridge/http/problems';
import { createJobRetry } from '../../bridge/retry-job';
import type { PackInput } from '../../contracts/pack';
import type { RetryInput } from '../../contracts/retry';
import { PROCESS_JOB } from '../../contracts/workflow-names';
import { definePipeline } from '../../pipelines/define-pipeline';

const source = { door: 'http', timestamp: 0 } as const;
const failed = { id: 'j', source, workflow: { id: 'w', runId: 'r' } };

type Job = PackInput['jobs'][number];
type Memory = Record<string, { jobs: Partial<Job>[]; type?: string; status?: string; run?: number }>;

/** Temporal that remembers these workflows, by their ids. */
function clientOf(memory: Memory): Client {
  const describe = (id: string) => {
    const found = memory[id];
    if (!found) return Promise.reject(new WorkflowNotFoundError('no', id, undefined));
    const { type = PROCESS_JOB, status = 'COMPLETED', run } = found;
    const memo = run === undefined ? {} : { run: { number: run, replaces: { id: 'before', runId: 'r' } } };
    const typedSearchAttributes = { get: () => (type === PROCESS_JOB ? 'completed' : undefined) };
    return Promise.resolve({
      workflowId: id,
      runId: 'r',
      type,
      status: { name: status },
      memo,
      typedSearchAttributes,
    });
  };
  return {
    options: { namespace: 'n', loadedDataConverter: defaultDataConverter },
    withDeadline: (_until: number, request: () => Promise<unknown>) => request(),
    workflow: {
      getHandle: (id: string) => ({
        describe: () => describe(id),
        query: () => Promise.reject(new Error('nobody answers')),
      }),
      start: (_type: string, { args: [input] }: { args: [RetryInput] }) => {
        started.push(input);
        return Promise.resolve({ firstExecutionRunId: 'next' });
      },
    },
    workflowService: {
      getWorkflowExecutionHistory({ execution: { workflowId } }: { execution: { workflowId: string } }) {
        const jobs = (memory[workflowId]?.jobs ?? []).map((job) => ({
          id: 'j',
          pipeline: 'p',
          input: {},
          source,
          ...job,
        }));
        const payloads = toPayloads(defaultDataConverter.payloadConverter, { jobs });
        const attributes = { workflowExecutionStartedEventAttributes: { input: { payloads } } };
        return Promise.resolve({ history: { events: [attributes] } });
      },
    },
  } as unknown as Client;
}

let started: RetryInput[];
beforeEach(() => (started = []));

const secret = 'geheim';

type Request = z.ZodType<Record<string, unknown>, Record<string, unknown>>;

async function refusal(request: z.ZodType, confidential: boolean): Promise<unknown> {
  const pipeline = definePipeline({
    name: 'p',
    request: request as Request,
    response: z.object({}),
    prompt: () => ({ instructions: '', input: '' }),
    policy: { confidential },
  });
  const retry = createJobRetry({
    client: clientOf({ w: { jobs: [{ input: { [secret]: secret } }] } }),
    taskQueue: 't',
    llmTaskQueue: 'q',
    pipelineNamed: () => pipeline,
  });
  return await retry.run(failed).catch((error: unknown) => error);
}

const throws = z.unknown().refine((input) => {
  throw new Error(`cannot stand ${JSON.stringify(input)}`);
});

test('a job whose pipeline throws over its input by now is refused as invalid', async () => {
  const error = await refusal(throws, false);
  expect(error).toMatchObject({ code: 'HW_JOB_INVALID', message: expect.stringContaining('cannot stand') });
  expect(answerTo(error)).toMatchObject({ problem: { status: 422 } });
});

test.each([
  ['throws', throws],
  ['quotes', z.looseObject({}).refine(() => false, { error: ({ input }) => JSON.stringify(input) })],
  ['takes no other keys than its own', z.strictObject({})],
])('of a confidential job nothing is repeated when its pipeline %s', async (_, request) => {
  const error = await refusal(request, true);
  expect(error).toMatchObject({ code: 'HW_JOB_INVALID' });
  expect((error as Error).message).not.toContain(secret);
});

describe('of two records with one id', () => {
  const pipeline = definePipeline({
    name: 'p',
    request: z.object({}),
    response: z.object({}),
    prompt: () => ({ instructions: '', input: '' }),
  });
  const retryIn = (memory: Memory) =>
    createJobRetry({
      client: clientOf(memory),
      taskQueue: 't',
      llmTaskQueue: 'q',
      pipelineNamed: () => pipeline,
    });
  const other = { source: { door: 'http', timestamp: 9 } as const };

  test.each([
    ['has completed in a later run', { jobs: [other], run: 2 }],
    ['was terminated in a later run', { jobs: [other], run: 2, status: 'TERMINATED' }],
  ])('one runs again when the other %s', async (_, ofOther) => {
    const { run } = await retryIn({ w: { jobs: [{}] }, j: ofOther }).run(failed);
    expect(run).toEqual({ number: 2, replaces: failed.workflow });
    expect(started).toMatchObject([{ job: { source } }]);
  });

  test('the one that failed is run again, not the first of its pack; none where the pack has not this one', async () => {
    await retryIn({ w: { jobs: [other, {}] } }).run(failed);
    expect(started).toMatchObject([{ job: { source } }]);
    const twice = retryIn({ w: { jobs: [other, other] } });
    await expect(twice.run(failed)).rejects.toMatchObject({ code: 'HW_JOB_UNKNOWN' });
  });

  test('a later run of the job itself is believed', async () => {
    const w = { jobs: [{}] };
    const ended = retryIn({ w, j: { jobs: [{}], run: 2 } });
    await expect(ended.check(failed)).rejects.toMatchObject({ code: 'HW_JOB_NOT_FAILED' });
    const { run } = await retryIn({ w, j: { jobs: [{}], run: 2, status: 'TERMINATED' } }).run(failed);
    expect(run).toEqual({ number: 3, replaces: { id: 'j', runId: 'r' } });
  });

  test('a workflow that is not of Headway keeps a job of its name from running only while it runs', async () => {
    const w = { jobs: [{}] };
    const foreign = { jobs: [], type: 'somethingElse' };
    await retryIn({ w, j: foreign }).check(failed);
    const running = retryIn({ w, j: { ...foreign, status: 'RUNNING' } });
    await expect(running.check(failed)).rejects.toMatchObject({ code: 'HW_JOB_RUNNING' });
  });
});
