import { NativeConnection } from '@temporalio/worker';
import type { Activities } from '../../activities';
import { CANCEL_JOB_UPDATE, type CancelAnswer } from '../../contracts/job-state';
import type { PackInput, PackSummary } from '../../contracts/pack';
import { policySchema } from '../../contracts/policy';
import { PROCESS_PACK } from '../../contracts/workflow-names';
import { readLocalStack } from '../../runtime/local-stack';
import { createTcpProxy, type TcpProxy } from '../faults/suite/tcp-proxy';
import { eventually } from '../support/eventually';
import { recordHistory } from '../support/record-history';
import { createStubWorkers, type StubWorkers } from './stub-workers';

/**
 * A worker publishes what a job ended in, and its workflow task never gets to Temporal. Before the task is done again by another worker, the job is
 * to end in another way: it must not.
 */
let stub: StubWorkers;
let proxy: TcpProxy;
let connection: NativeConnection;
let release: () => void = () => {};

beforeEach(async () => {
  stub = await createStubWorkers();
  const [host = '', port] = readLocalStack()?.temporalAddress?.split(':') ?? [];
  proxy = await createTcpProxy({ name: 'Temporal', target: () => ({ host, port: Number(port) }) });
  connection = await NativeConnection.connect({ address: `127.0.0.1:${proxy.port}` });
});

afterEach(async () => {
  release();
  proxy.restore();
  await stub.close();
  await connection.close();
  await proxy.close();
});

const source = { door: 'http', timestamp: 0 } as const;
const policies = { p: policySchema.parse({ postProcess: { deterministic: true, timeoutMs: 20_000 } }) };
const enrichJobs: Activities['enrichJobs'] = ({ jobs }) =>
  Promise.resolve({
    outcomes: jobs.map(({ index }) => ({
      ...{ index, kind: 'enriched' as const, enrichment: {} },
      prompt: { instructions: '', input: '' },
    })),
  });
const postProcess: Activities['postProcess'] = ({ items }) =>
  Promise.resolve({ outcomes: items.map(({ index }) => ({ index, kind: 'output', output: {} })) });

/** A pack of two jobs, of which the first one has its answer at once; a worker that loses its connection when it has published that. */
async function publishedInALostTask(deadline?: string) {
  const lost: string[] = [];
  await stub.startWorkflows(
    {
      enrichJobs,
      postProcess,
      publishResults: ({ items }) => {
        lost.push(...items.map(({ result }) => JSON.stringify(result)));
        proxy.refuse();
        return Promise.resolve({ tooLarge: [] });
      },
    },
    { connection },
  );
  const secondAnswer = new Promise<void>((resolve) => (release = resolve));
  await stub.startLlm({
    startLlmCalls: ({ calls }) =>
      Promise.resolve({
        outcomes: [],
        handles: calls.map(({ index, jobId, pipeline }) => ({
          ...{ index, jobId, pipeline, callId: 'call', startedAt: 0, timeoutAt: 0 },
        })),
      }),
    async awaitLlmCalls({ handles }) {
      const [handle] = handles;
      if (handle?.index !== 0) await secondAnswer;
      return {
        outcomes: [
          {
            ...{ index: handle?.index ?? 0, startedAt: 1, endedAt: 2, model: 'm' },
            ...{ kind: 'answer', answer: {}, citations: [] },
            usage: { inputTokens: 0, outputTokens: 0, webSearches: 0, llmCalls: 1 },
          },
        ],
      };
    },
  });
  const ids = [0, 1].map((index) => `${stub.taskQueue}-${index}`);
  const input: PackInput = {
    jobs: ids.map((id, index) => ({
      ...{ id, pipeline: 'p', input: {}, source },
      ...(index === 0 && { deadline }),
    })),
    policies,
    llmTaskQueue: stub.llmTaskQueue,
  };
  const pack = await stub.client.workflow.start(PROCESS_PACK, {
    ...{ workflowId: stub.taskQueue, taskQueue: stub.taskQueue, args: [input] },
  });
  await eventually('the result is published', () => lost.length === 1);
  return { pack, lost: lost as [string], firstId: ids[0] as string };
}

type Lost = Awaited<ReturnType<typeof publishedInALostTask>>;

async function expectTheSameEnd({ pack, lost: [published], firstId }: Lost): Promise<void> {
  await eventually('the task was done again', () => stub.published.some(({ id }) => id === firstId));
  expect(JSON.stringify(stub.published[0])).toBe(published);
  expect(stub.published).toMatchObject([{ status: 'completed' }]);
  release();
  expect(await (pack.result() as Promise<PackSummary>)).toMatchObject({ completed: 2 });
  expect(stub.published).toHaveLength(2);
}

test('a job whose result is published is not cancelled any more', async () => {
  const lost = await publishedInALostTask();
  const answer = lost.pack.executeUpdate<CancelAnswer, [string]>(CANCEL_JOB_UPDATE, { args: [lost.firstId] });
  await stub.startWorkflows({ enrichJobs, postProcess });
  expect(await answer).toEqual({ outcome: 'ended', status: 'completed' });
  await expectTheSameEnd(lost);
  await recordHistory(stub.client, stub.taskQueue, 'task-done-again-cancelled');
});

test('nor when its post-processing takes longer than a workflow task the second time', async () => {
  const lost = await publishedInALostTask();
  const answer = lost.pack.executeUpdate<CancelAnswer, [string]>(CANCEL_JOB_UPDATE, { args: [lost.firstId] });
  const takesLong: Activities['postProcess'] = async (request) => {
    const { pack } = lost;
    // Temporal has been told that the task goes on, and the timer of the cancel has fired.
    await eventually('the cancel was looked at', async () => {
      const { events } = await pack.fetchHistory();
      const updated =
        events?.findIndex((event) => event.workflowExecutionUpdateAcceptedEventAttributes) ?? -1;
      return updated > 0 && events!.slice(updated).some((event) => event.timerFiredEventAttributes);
    });
    return await postProcess(request);
  };
  await stub.startWorkflows({ enrichJobs, postProcess: takesLong });
  expect(await answer).toEqual({ outcome: 'ended', status: 'completed' });
  await expectTheSameEnd(lost);
  await recordHistory(stub.client, stub.taskQueue, 'task-done-again-slowly');
});

test('nor does it expire', async () => {
  const deadline = Date.now() + 4_000;
  const lost = await publishedInALostTask(new Date(deadline).toISOString());
  await eventually('its deadline has passed', () => Date.now() > deadline + 2_000);
  await stub.startWorkflows({ enrichJobs, postProcess });
  await expectTheSameEnd(lost);
  await recordHistory(stub.client, stub.taskQueue, 'task-done-again-expired');
});
