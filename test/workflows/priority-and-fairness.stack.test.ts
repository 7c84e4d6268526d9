import { activityInfo } from '@temporalio/activity';
import type { Priority } from '@temporalio/common';
import type { Activities } from '../../activities';
import { createPackStarter } from '../../bridge/start-pack';
import type { PackJob } from '../../contracts/pack';
import type { LlmCall, LlmOutcome } from '../../contracts/stages';
import type { Pipeline } from '../../pipelines/define-pipeline';
import { anything } from '../support/anything';
import { eventually } from '../support/eventually';
import { recordHistory } from '../support/record-history';
import { createStubWorkers, type StubWorkers } from './stub-workers';

/** Of one tenant: enough that the order in which a queue is worked off is no accident. */
const FLOOD = 60;

let stub: StubWorkers;

beforeEach(async () => {
  stub = await createStubWorkers();
});

afterEach(() => stub.close());

const pipelineNamed = (name: string): Pipeline => ({ ...anything, name });

function job(name: string, parts: Partial<PackJob> = {}): PackJob {
  const source = { door: 'http', timestamp: 0 } as const;
  return { id: `${stub.taskQueue}-${name}`, pipeline: 'anything', input: {}, source, ...parts };
}

async function startPack(name: string, jobs: PackJob[]): Promise<string> {
  const { client, taskQueue, llmTaskQueue } = stub;
  const start = createPackStarter({ client, taskQueue, llmTaskQueue, pipelineNamed });
  const workflowId = `${taskQueue}-pack-${name}`;
  await start({ workflowId, jobs });
  return workflowId;
}

async function startFlood(): Promise<void> {
  for (let index = 0; index < FLOOD; index++) {
    await startPack(`flood-${index}`, [job(`flood-${index}`, { tenant: 'a' })]);
  }
}

const nameOf = (jobId: string) => jobId.slice(stub.taskQueue.length + 1);
const noUsage = { inputTokens: 0, outputTokens: 0, webSearches: 0, llmCalls: 1 };
const answer = ({ index }: { index: number }): LlmOutcome => ({
  ...{ index, startedAt: 1, endedAt: 2, usage: noUsage },
  ...{ kind: 'answer', answer: {}, citations: [], model: 'm' },
});

const shortStages: Partial<Activities> = {
  enrichJobs: ({ jobs }) =>
    Promise.resolve({
      outcomes: jobs.map(({ index }) => ({
        ...{ index, kind: 'enriched', enrichment: null },
        prompt: { instructions: '', input: '' },
      })),
    }),
  postProcess: ({ items }) =>
    Promise.resolve({ outcomes: items.map(({ index }) => ({ index, kind: 'output', output: {} })) }),
  postProcessJob: () => Promise.resolve({}),
};

test('a job of another tenant, and an urgent one, are begun before most of a flood that waits in front of them', async () => {
  await startFlood();
  await startPack('other', [job('other', { tenant: 'b' })]);
  await startPack('urgent', [job('urgent', { tenant: 'a', priority: 1 })]);
  const begun: string[] = [];
  const oneAtATime = { maxConcurrentWorkflowTaskExecutions: 1, maxCachedWorkflows: 0 };
  await stub.startWorkflows(
    {
      ...shortStages,
      enrichJobs: (request) => {
        begun.push(...request.jobs.map(({ job: { id } }) => nameOf(id)));
        return shortStages.enrichJobs!(request);
      },
    },
    oneAtATime,
  );
  await eventually('both are begun', () => begun.includes('other') && begun.includes('urgent'));
  expect(begun.indexOf('other')).toBeLessThan(FLOOD / 2);
  expect(begun.indexOf('urgent')).toBeLessThan(FLOOD / 2);
});

test('inside a pack each tenant and priority has its own place in the queue of the LLM calls; a job that leaves keeps it', async () => {
  const workflows = await stub.startWorkflows(shortStages);
  await startFlood();
  const mixed = await startPack('mixed', [
    job('last', { tenant: 'a', priority: 5 }),
    job('other', { tenant: 'b' }),
    job('ordinary', { tenant: 'a' }),
    job('urgent', { tenant: 'a', priority: 1 }),
  ]);
  const scheduled = async () => {
    const { raw } = await stub.client.workflow.getHandle(mixed).describe();
    return raw.pendingActivities?.length;
  };
  await eventually('all calls of the mixed pack wait for a worker', async () => (await scheduled()) === 4);

  const begun: string[] = [];
  const places = new Map<string, Priority | undefined>();
  const note = ({ jobId }: LlmCall) => {
    begun.push(nameOf(jobId));
    places.set(nameOf(jobId), activityInfo().priority);
  };
  await stub.startLlm(
    {
      startLlmCalls: ({ calls }) => {
        calls.forEach(note);
        const bad = {
          kind: 'bad-answer',
          code: 'HW_LLM_BAD_ANSWER',
          message: 'no JSON',
          answer: '',
        } as const;
        const outcomes = calls.map((call): LlmOutcome =>
          nameOf(call.jobId) === 'other' ? { ...answer(call), ...bad } : answer(call),
        );
        return Promise.resolve({ handles: [], outcomes });
      },
      callLlm: (call) => {
        begun.push('left');
        places.set('left', activityInfo().priority);
        return Promise.resolve(answer(call));
      },
    },
    { maxConcurrentActivityTaskExecutions: 1 },
  );
  await eventually('all of the mixed pack have their result', () => {
    const ended = stub.published.map(({ id }) => nameOf(id));
    return ['last', 'other', 'ordinary', 'urgent'].every((name) => ended.includes(name));
  });

  expect(begun.indexOf('urgent')).toBeLessThan(FLOOD / 2);
  expect(begun.indexOf('other')).toBeLessThan(FLOOD / 2);
  expect(begun.indexOf('ordinary')).toBeGreaterThan(FLOOD / 2);
  expect(begun.at(-1)).toBe('last');
  expect(Object.fromEntries(places)).toMatchObject({
    last: { priorityKey: 5, fairnessKey: 'a' },
    other: { priorityKey: 3, fairnessKey: 'b' },
    urgent: { priorityKey: 1, fairnessKey: 'a' },
    left: { priorityKey: 3, fairnessKey: 'b' },
  });
  await eventually('the pack has ended', async () => {
    const { status } = await stub.client.workflow.getHandle(mixed).describe();
    return status.name === 'COMPLETED';
  });
  await recordHistory(stub.client, mixed, 'pack-of-groups');
  await workflows.stop();
});
