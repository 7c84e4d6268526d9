import { Context } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';
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
import { beginAllCalls, enrichAll, createStubWorkers, type StubWorkers } from './stub-workers';

/**
 * A worker publishes what a job ended in, and its workflow task never gets to Temporal. Before the task is done again by another worker, the job is
 * to end in another way: it must not.
 */
let stub: StubWorkers;
let proxy: TcpProxy;
let connection: NativeConnection;
const releases: (() => void)[] = [];

beforeEach(async () => {
  stub = await createStubWorkers();
  const [host = '', port] = readLocalStack()?.temporalAddress?.split(':') ?? [];
  proxy = await createTcpProxy({ name: 'Temporal', target: () => ({ host, port: Number(port) }) });
  connection = await NativeConnection.connect({ address: `127.0.0.1:${proxy.port}` });
});

afterEach(async () => {
  for (const release of releases.splice(0)) release();
  proxy.restore();
  try {
    await stub.close();
  } finally {
    await connection.close();
    await proxy.close();
  }
});

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;
type Request = Parameters<Activities['postProcess']>[0];

const source = { door: 'http', timestamp: 0 } as const;
const policies = { p: policySchema.parse({ postProcess: { deterministic: true, timeoutMs: 60_000 } }) };
const postProcess: Activities['postProcess'] = ({ items }) =>
  Promise.resolve({ outcomes: items.map(({ index }) => ({ index, kind: 'output', output: {} })) });

type PostProcess = Activities['postProcess'];

interface Lost {
  pack: WorkflowHandle;
  /** As JSON. */
  published: string[];
  ids: [string, string];
  answerSecond(): void;
}

interface Plan {
  /** Of the first job. Sooner its workflow cannot begin. */
  deadlineInMs?: number;
  /** Of the worker that publishes in vain. */
  postProcess?: PostProcess;
  /** Otherwise the first job has its answer at once, and the second one when it is told to. */
  answersTogether?: boolean;
}

/** A pack of two jobs, and a worker that loses its connection when it has published something for the first time. */
async function publishedInALostTask(plan: Plan = {}): Promise<Lost> {
  const published: string[] = [];
  const ids = [0, 1].map((index) => `${stub.taskQueue}-${index}`) as Lost['ids'];
  const process = plan.postProcess ?? postProcess;
  await stub.startWorkflows(
    {
      enrichJobs: enrichAll,
      postProcess: process,
      publishResults: ({ items }) => {
        published.push(...items.map(({ result }) => JSON.stringify(result)));
        proxy.refuse();
        return Promise.resolve({ tooLarge: [] });
      },
    },
    { connection },
  );
  let answerSecond: () => void = () => {};
  const secondAnswer = new Promise<void>((resolve) => releases.push((answerSecond = resolve)));
  await stub.startLlm({
    startLlmCalls: beginAllCalls,
    async awaitLlmCalls({ handles }) {
      const answered = plan.answersTogether ? handles : handles.slice(0, 1);
      if (answered[0]?.index === 1) await secondAnswer;
      return {
        outcomes: answered.map(({ index }) => ({
          ...{ index, startedAt: 1, endedAt: 2, model: 'm', kind: 'answer', answer: {}, citations: [] },
          usage: { inputTokens: 0, outputTokens: 0, webSearches: 0, llmCalls: 1 },
        })),
      };
    },
  });
  const { deadlineInMs } = plan;
  const deadline = deadlineInMs === undefined ? undefined : new Date(Date.now() + deadlineInMs).toISOString();
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
  await eventually('a result is published', () => published.length > 0);
  return { pack, published, ids, answerSecond };
}

/** Asks to cancel the first job. */
function cancel({ pack, ids: [id] }: Pick<Lost, 'pack' | 'ids'>): Promise<CancelAnswer> {
  return pack.executeUpdate<CancelAnswer, [string]>(CANCEL_JOB_UPDATE, { args: [id] });
}

async function expectTheSameEnds({ pack, published, ids, answerSecond }: Lost): Promise<void> {
  await eventually('the task was done again', () => stub.published.some(({ id }) => id === ids[0]));
  answerSecond();
  expect(await (pack.result() as Promise<PackSummary>)).toMatchObject({ completed: 2 });
  const second = stub.published.map((result) => JSON.stringify(result));
  expect(second).toEqual(expect.arrayContaining(published));
  expect(stub.published.map(({ id }) => id).sort()).toEqual(ids);
}

async function eventsSince(pack: WorkflowHandle, since: (event: HistoryEvent) => unknown) {
  const { events } = await pack.fetchHistory();
  const first = events?.findIndex((event) => since(event)) ?? -1;
  return first < 0 ? [] : events!.slice(first);
}

const accepted = (event: HistoryEvent) => event.workflowExecutionUpdateAcceptedEventAttributes;

test('a job whose result is published is not cancelled any more', async () => {
  const lost = await publishedInALostTask();
  const answer = cancel(lost);
  await stub.startWorkflows({ enrichJobs: enrichAll, postProcess });
  expect(await answer).toEqual({ outcome: 'ended', status: 'completed' });
  await expectTheSameEnds(lost);
  await recordHistory(stub.client, stub.taskQueue, 'task-done-again-cancelled');
});

test('nor when its post-processing takes longer than a workflow task the second time, and is put off then', async () => {
  const lost = await publishedInALostTask({ answersTogether: true });
  expect(lost.published).toHaveLength(2);
  const answer = cancel(lost);
  const slowly: PostProcess = async ({ items }) => {
    // Temporal has been told that the task goes on, and the timer of the cancel has fired.
    await eventually('the cancel was looked at', async () =>
      (await eventsSince(lost.pack, accepted)).some((event) => event.timerFiredEventAttributes),
    );
    return await postProcess({ items: items.slice(-1) } as Request);
  };
  await stub.startWorkflows({ enrichJobs: enrichAll, postProcess: slowly });
  expect(await answer).toEqual({ outcome: 'ended', status: 'completed' });
  await expectTheSameEnds(lost);
  await recordHistory(stub.client, stub.taskQueue, 'task-done-again-slowly');
});

test('nor when it was about to be cancelled before an ordinary activity had post-processed it', async () => {
  let answer: Promise<CancelAnswer> | undefined;
  const afterTrouble: PostProcess = async (request) => {
    if (Context.current().info.isLocal) throw new Error('trouble');
    const pack = stub.client.workflow.getHandle(stub.taskQueue);
    answer = cancel({ pack, ids: [`${stub.taskQueue}-0`, ''] });
    answer.catch(() => undefined);
    await eventually('the cancel is taken', async () => (await eventsSince(pack, accepted)).length > 0);
    return await postProcess(request);
  };
  const lost = await publishedInALostTask({ postProcess: afterTrouble });
  expect(lost.published).toMatchObject([expect.stringContaining('"completed"')]);
  await stub.startWorkflows({ enrichJobs: enrichAll, postProcess });
  expect(await answer).toEqual({ outcome: 'ended', status: 'completed' });
  await expectTheSameEnds(lost);
  await recordHistory(stub.client, stub.taskQueue, 'task-done-again-after-trouble');
});

test('nor does it expire', async () => {
  const deadlineInMs = 6_000;
  const beganAt = Date.now();
  const lost = await publishedInALostTask({ deadlineInMs });
  await eventually('its deadline has passed', async () =>
    (await eventsSince(lost.pack, () => true)).some((event) => event.timerFiredEventAttributes),
  );
  expect(Date.now() - beganAt).toBeGreaterThan(deadlineInMs);
  await stub.startWorkflows({ enrichJobs: enrichAll, postProcess });
  await expectTheSameEnds(lost);
  await recordHistory(stub.client, stub.taskQueue, 'task-done-again-expired');
});
