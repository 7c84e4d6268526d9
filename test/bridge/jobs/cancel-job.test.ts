import { WorkflowUpdateRPCTimeoutOrCancelledError, type Client } from '@temporalio/client';
import { cancelJob } from '../../../bridge/jobs/cancel-job';
import { answerTo } from '../../../bridge/http/problems';

/** A client whose workflows answer an update with this error, and whose server answers other questions like this. */
function clientThatThrows(error: Error, getSystemInfo: () => Promise<object>): Client {
  const handle = { executeUpdate: () => Promise.reject(error) };
  const withDeadline = (_until: number, request: () => Promise<unknown>) => request();
  return {
    workflow: { getHandle: () => handle },
    workflowService: { getSystemInfo },
    withDeadline,
  } as unknown as Client;
}

const timeout = new WorkflowUpdateRPCTimeoutOrCancelledError('deadline');

test('that no worker takes the request is told apart from a server that is away, and 503 says when to ask again', async () => {
  const client = clientThatThrows(timeout, () => Promise.resolve({}));
  const error: unknown = await cancelJob(client, 'w', 'j').catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'HW_NO_WORKER', message: expect.stringMatching(/no worker .* j /) });
  expect(answerTo(error)).toMatchObject({ problem: { status: 503 }, headers: { 'retry-after': '5' } });
});

test('a server that answers nothing else either is away: nobody knows whether a worker is there', async () => {
  const away = Object.assign(new Error('deadline'), { code: 4, details: '', metadata: {} });
  const client = clientThatThrows(timeout, () => Promise.reject(away));
  await expect(cancelJob(client, 'w', 'j')).rejects.toMatchObject({ code: 'HW_SERVER_UNREACHABLE' });
});

test('a workflow is told until when the cancel is wanted: a little before we give up', async () => {
  const executeUpdate = jest.fn(() => Promise.resolve({ outcome: 'cancelled' }));
  const client = {
    workflow: { getHandle: () => ({ executeUpdate }) },
    withDeadline: (until: number, request: () => Promise<unknown>) => {
      deadline = until;
      return request();
    },
  } as unknown as Client;
  let deadline = 0;
  const before = Date.now();
  await cancelJob(client, 'w', 'j');
  const wantedUntil: unknown = expect.any(Number);
  expect(executeUpdate).toHaveBeenCalledWith('cancelJob', { args: ['j', undefined, wantedUntil] });
  const [[, { args }]] = executeUpdate.mock.calls as unknown as [
    [string, { args: [string, undefined, number] }],
  ];
  expect(args[2]).toBeGreaterThan(before + 5_000);
  expect(args[2]).toBeLessThan(deadline);
});
