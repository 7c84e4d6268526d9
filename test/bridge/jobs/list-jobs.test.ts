import type { Client } from '@temporalio/client';
import { defaultDataConverter, defaultPayloadConverter, type Payload } from '@temporalio/common';
import { createListJobs } from '../../../bridge/jobs/list-jobs';
import { searchAttributes } from '../../../contracts/search-attributes';

const payload = (value: unknown) => defaultPayloadConverter.toPayload(value);

/** As the client writes a payload that it has moved to a store. */
const moved: Payload = {
  metadata: { messageType: Buffer.from('temporal.api.sdk.v1.ExternalStorageReference') },
  data: Buffer.from(JSON.stringify({ driverName: 'elsewhere', claimData: {} })),
};

/** A workflow that has ended, with these jobs. */
const ended = (id: string, ids: string[], run?: Payload) => ({
  execution: { workflowId: id, runId: `run-of-${id}` },
  closeTime: { seconds: 1 },
  memo: { fields: run ? { run } : {} },
  searchAttributes: {
    indexedFields: {
      [searchAttributes.jobIds.name]: payload(ids),
      [searchAttributes.status.name]: payload('completed'),
    },
  },
});

/** Temporal that remembers these workflows, in this order, and has no workers. */
function clientOf(executions: ReturnType<typeof ended>[]): Client {
  const jobsOf = ({ searchAttributes: { indexedFields } }: ReturnType<typeof ended>) => {
    const ids = defaultPayloadConverter.fromPayload<string[]>(indexedFields[searchAttributes.jobIds.name]);
    return ids.map((id) => ({ id, pipeline: 'p', input: {}, source: { door: 'http', timestamp: 1 } }));
  };
  return {
    options: { namespace: 'n', loadedDataConverter: { ...defaultDataConverter, payloadCodecs: [] } },
    withDeadline: (_until: number, request: () => Promise<unknown>) => request(),
    workflow: { getHandle: () => ({ query: () => Promise.reject(new Error('nobody answers')) }) },
    workflowService: {
      listWorkflowExecutions({ pageSize, nextPageToken }: { pageSize: number; nextPageToken: Buffer }) {
        const from = Number(nextPageToken.toString());
        const to = from + pageSize;
        const next = Buffer.from(to < executions.length ? String(to) : '');
        return Promise.resolve({ executions: executions.slice(from, to), nextPageToken: next });
      },
      getWorkflowExecutionHistory({ execution: { workflowId } }: { execution: { workflowId: string } }) {
        const found = executions.find(({ execution }) => execution.workflowId === workflowId)!;
        const payloads = [payload({ jobs: jobsOf(found) })];
        const workflowExecutionStartedEventAttributes = { input: { payloads } };
        return Promise.resolve({ history: { events: [{ workflowExecutionStartedEventAttributes }] } });
      },
    },
  } as unknown as Client;
}

test('a job whose memo cannot be read is named, and takes no other off the page', async () => {
  const client = clientOf([ended('a', ['a'], moved), ended('b', ['b'], payload({ number: 2, of: 'x' }))]);
  const page = await createListJobs(client)({}, { limit: 10 });
  expect(page).toMatchObject({ jobs: [{ id: 'b', run: 2 }], unanswered: ['a'] });
});

test.each([
  [100, 50],
  [50, 100],
  [7, 3],
])('pages of %d and then of %d jobs tell each job once, packs among them', async (first, then) => {
  const executions = Array.from({ length: 120 }, (_, index) => {
    const id = `w${index}`;
    return ended(id, index % 3 ? [id] : [`${id}-a`, `${id}-b`]);
  });
  const list = createListJobs(clientOf(executions));
  const ids: string[] = [];
  let page = await list({}, { limit: first });
  for (;;) {
    ids.push(...page.jobs.map(({ id }) => id));
    if (page.cursor === undefined) break;
    page = await list({}, { limit: then, cursor: page.cursor });
  }
  expect(ids).toHaveLength(160);
  expect(new Set(ids).size).toBe(160);
});
