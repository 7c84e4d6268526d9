import {
  WorkflowExecutionAlreadyStartedError,
  type Client,
  type WorkflowStartOptions,
} from '@temporalio/client';
import { isOwnTrouble } from '../../bridge/kafka/own-trouble';
import { createPackStarter } from '../../bridge/start-pack';
import type { PackJob } from '../../contracts/pack';
import { pipelineNamed } from '../../pipelines/registry';

/** What the server is asked for. */
async function started(ids: string[], topic = 'x-jobs-queue', input = {}): Promise<WorkflowStartOptions> {
  const asked: WorkflowStartOptions[] = [];
  const client = {
    withDeadline: (_: unknown, request: () => Promise<unknown>) => request(),
    workflow: { start: (_: string, options: WorkflowStartOptions) => Promise.resolve(asked.push(options)) },
  } as unknown as Client;
  const startPack = createPackStarter({ client, taskQueue: 't', llmTaskQueue: 'l', pipelineNamed });
  const jobs = ids.map((id, offset): PackJob => ({
    ...{ id, pipeline: 'company-brief', input },
    source: { door: 'kafka', topic, partition: 0, offset: String(offset), timestamp: 1 },
  }));
  const range = { partition: `${topic}-0`, firstOffset: 0n, lastOffset: BigInt(ids.length - 1) };
  await startPack({ workflowId: 'w', jobs, range });
  return asked[0]!;
}

it('the summary of a pack says what it is and where it came from', async () => {
  const { staticSummary } = await started(['a']);
  expect(staticSummary).toBe('job a · company-brief · x-jobs-queue-0 offsets 0-0');
  expect((await started(['a', 'b'])).staticSummary).toMatch(/^2 jobs · .* offsets 0-1$/);
});

it.each(['"'.repeat(200), '🚀'.repeat(50), '€'.repeat(66)])(
  'a long summary is cut before the server refuses it: %s',
  async (id) => {
    const { staticSummary = '' } = await started([id], 't'.repeat(200));
    expect(Buffer.byteLength(JSON.stringify(staticSummary))).toBeLessThanOrEqual(350);
    expect(staticSummary).toMatch(/^job .*…$/);
    expect(staticSummary.isWellFormed()).toBe(true);
  },
);

it('a job of many megabytes gets time for its workflow tasks, ordinary ones are noticed sooner when they get lost', async () => {
  const large = await started(['a'], 'x', { text: 'x'.repeat(2_000_000) });
  expect(large.workflowTaskTimeout).toBe('60s');
  expect((await started(['a'])).workflowTaskTimeout).toBeUndefined();
  expect((await started(['a', 'b'])).workflowTaskTimeout).toBeUndefined();
});

it('a workflow of somebody else that has the id of a pack is trouble of that pack alone, and is named', async () => {
  const client = {
    withDeadline: (_: unknown, request: () => Promise<unknown>) => request(),
    workflow: {
      start: () => Promise.reject(new WorkflowExecutionAlreadyStartedError('taken', 'w', 'processPack')),
      getHandle: () => ({ describe: () => Promise.resolve({ memo: {} }) }),
    },
  } as unknown as Client;
  const startPack = createPackStarter({ client, taskQueue: 't', llmTaskQueue: 'l', pipelineNamed });
  const range = { partition: 'x-0', firstOffset: 0n, lastOffset: 0n };
  const error = await startPack({ workflowId: 'w', jobs: [], range }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ message: 'there is a workflow w already, which is no pack' });
  expect(isOwnTrouble(error)).toBe(true);
});
