import { WorkflowUpdateRPCTimeoutOrCancelledError, type Client } from '@temporalio/client';
import { cancelJob } from '../../../bridge/jobs/cancel-job';
import { answerTo } from '../../../bridge/http/problems';

/** A client whose workflows answer an update with this error. */
function clientThatThrows(error: Error): Client {
  const handle = { executeUpdate: () => Promise.reject(error) };
  const withDeadline = (_until: number, request: () => Promise<unknown>) => request();
  return { workflow: { getHandle: () => handle }, withDeadline } as unknown as Client;
}

test('that no worker takes the request is told apart from a server that is away, and 503 says when to ask again', async () => {
  const client = clientThatThrows(new WorkflowUpdateRPCTimeoutOrCancelledError('deadline'));
  const error: unknown = await cancelJob(client, 'w', 'j').catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'HW_NO_WORKER', message: expect.stringMatching(/no worker .* j /) });
  expect(answerTo(error)).toMatchObject({ problem: { status: 503 }, headers: { 'retry-after': '5' } });
});
