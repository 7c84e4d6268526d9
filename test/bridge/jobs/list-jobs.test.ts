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

const started = (id: string, run: Payload) => ({
  execution: { workflowId: id, runId: `run-of-${id}` },
  closeTime: { seconds: 1 },
  memo: { fields: { run } },
  searchAttributes: {
    indexedFields: {
      [searchAttributes.jobIds.name]: payload([id]),
      [searchAttributes.status.name]: payload('completed'),
    },
  },
});

test('a job whose memo cannot be read is named, and takes no other off the page', async () => {
  const executions = [started('a', moved), started('b', payload({ number: 2, of: 'x' }))];
  const client = {
    options: { namespace: 'n', loadedDataConverter: { ...defaultDataConverter, payloadCodecs: [] } },
    withDeadline: (_until: number, request: () => Promise<unknown>) => request(),
    workflowService: {
      listWorkflowExecutions: () => Promise.resolve({ executions, nextPageToken: Buffer.alloc(0) }),
      getWorkflowExecutionHistory({ execution: { workflowId: id } }: { execution: { workflowId: string } }) {
        const source = { door: 'http', timestamp: 1 };
        const payloads = [payload({ job: { id, pipeline: 'p', input: {}, source } })];
        const workflowExecutionStartedEventAttributes = { input: { payloads } };
        return Promise.resolve({ history: { events: [{ workflowExecutionStartedEventAttributes }] } });
      },
    },
  } as unknown as Client;
  const page = await createListJobs(client)({}, { limit: 10 });
  expect(page).toMatchObject({ jobs: [{ id: 'b', run: 2 }], unanswered: ['a'] });
});
