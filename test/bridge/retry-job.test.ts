import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { defaultDataConverter, toPayloads } from '@temporalio/common';
import { z } from 'zod';
import { answerTo } from '../../bridge/http/problems';
import { createJobRetry } from '../../bridge/retry-job';
import type { PackInput } from '../../contracts/pack';
import { definePipeline } from '../../pipelines/define-pipeline';

const source = { door: 'http', timestamp: 0 } as const;
const failed = { id: 'j', source, workflow: { id: 'w', runId: 'r' } };

/** Temporal that remembers one workflow, whose job has this input. */
function clientWith(input: PackInput['jobs'][number]['input']): Client {
  const pack: PackInput = {
    jobs: [{ id: 'j', pipeline: 'p', input, source }],
    policies: {},
    llmTaskQueue: 'q',
  };
  const payloads = toPayloads(defaultDataConverter.payloadConverter, pack);
  const started = { workflowExecutionStartedEventAttributes: { input: { payloads } } };
  return {
    options: { namespace: 'n', loadedDataConverter: defaultDataConverter },
    withDeadline: (_until: number, request: () => Promise<unknown>) => request(),
    workflow: {
      getHandle: () => ({ describe: () => Promise.reject(new WorkflowNotFoundError('no', 'j', undefined)) }),
    },
    workflowService: {
      getWorkflowExecutionHistory: () => Promise.resolve({ history: { events: [started] } }),
    },
  } as unknown as Client;
}

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
    client: clientWith({ [secret]: secret }),
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
