import {
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type Client,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { cancelJob } from '../../../bridge/jobs/cancel-job';
import { answerTo } from '../../../bridge/http/problems';
import { TAKEN_TOO_LATE, type CancelAnswer } from '../../../contracts/job-state';

const timeout = new WorkflowUpdateRPCTimeoutOrCancelledError('deadline');
const RUNNING = { workflowExecutionInfo: { status: 1 } };
const grpcError = (code: number, details = '') =>
  Object.assign(new Error(`${code} ${details}`), { code, details, metadata: {} });

interface Server {
  /** The answer to the update, in time. */
  update?: () => Promise<CancelAnswer>;
  /** Answers to what is asked later. */
  describe?: () => Promise<object>;
  poll?: () => Promise<object>;
  outcome?: () => Promise<CancelAnswer>;
}

/** A client of a server that answers like this; by default it lives, has not heard of the update, and no worker is at work. */
function clientOf({ update, describe, poll, outcome }: Server) {
  const executeUpdate = jest.fn(update ?? (() => Promise.reject(timeout)));
  const getUpdateHandle = jest.fn(() => ({ result: outcome ?? (() => Promise.reject(timeout)) }));
  const deadlines: number[] = [];
  const client = {
    options: { namespace: 'n' },
    workflow: { getHandle: () => ({ executeUpdate, getUpdateHandle }) },
    workflowService: {
      describeWorkflowExecution: describe ?? (() => Promise.resolve(RUNNING)),
      pollWorkflowExecutionUpdate: poll ?? (() => Promise.reject(grpcError(5))),
    },
    withDeadline: (until: number, request: () => Promise<unknown>) => {
      deadlines.push(until);
      return request();
    },
  } as unknown as Client;
  return { client, executeUpdate, getUpdateHandle, deadlines };
}

const cancelAt = (server: Server) =>
  cancelJob(clientOf(server).client, 'w', 'j').then(
    () => 'cancelled',
    (error: unknown) => error,
  );

/** A worker has a workflow task in hand that began so many milliseconds from now. */
const busySince = (ms: number) => () =>
  Promise.resolve({
    ...RUNNING,
    pendingWorkflowTask: { state: 2, startedTime: { seconds: Math.floor((Date.now() + ms) / 1_000) } },
  });

test('that no worker takes the request is told apart from a server that is away, and 503 says when to ask again', async () => {
  const error = await cancelAt({});
  expect(error).toMatchObject({ code: 'HW_NO_WORKER', message: expect.stringMatching(/no worker .* j /) });
  expect(answerTo(error)).toMatchObject({ problem: { status: 503 }, headers: { 'retry-after': '5' } });
});

test('a server that answers nothing else either is away: nobody knows whether a worker is there', async () => {
  expect(await cancelAt({ describe: () => Promise.reject(grpcError(4)) })).toMatchObject({
    code: 'HW_SERVER_UNREACHABLE',
  });
});

test('a cancel that a busy worker may still carry out is neither done nor refused', async () => {
  const error = await cancelAt({ describe: busySince(0), poll: () => Promise.resolve({ stage: 1 }) });
  expect(error).toMatchObject({ code: 'HW_CANCEL_PENDING', message: expect.stringContaining('job j') });
  expect(answerTo(error)).toMatchObject({ problem: { status: 504 }, headers: { 'retry-after': '5' } });
  // Whether the server knows the update says nothing: it forgets those that are in a worker's hands.
  expect(await cancelAt({ describe: busySince(0) })).toMatchObject({ code: 'HW_CANCEL_PENDING' });
});

test('a worker that began when the cancel was not wanted any more will refuse it', async () => {
  expect(await cancelAt({ describe: busySince(60_000) })).toMatchObject({ code: 'HW_NO_WORKER' });
});

describe('a cancel that was accepted meanwhile', () => {
  const poll = () => Promise.resolve({ stage: 2 });

  it('is answered as it came out', async () => {
    expect(await cancelAt({ poll, outcome: () => Promise.resolve({ outcome: 'cancelled' }) })).toBe(
      'cancelled',
    );
    const ended = () => Promise.resolve({ outcome: 'ended' as const, status: 'completed' as const });
    expect(await cancelAt({ poll, outcome: ended })).toMatchObject({ code: 'HW_JOB_ENDED' });
  });

  it('is asked for by the id it was sent with', async () => {
    const { client, executeUpdate, getUpdateHandle } = clientOf({
      poll,
      outcome: () => Promise.resolve({ outcome: 'cancelled' }),
    });
    await cancelJob(client, 'w', 'j');
    const [[, { updateId }]] = executeUpdate.mock.calls as unknown as [[string, { updateId: string }]];
    expect(updateId).toMatch(/^[0-9a-f-]{36}$/);
    expect(getUpdateHandle).toHaveBeenCalledWith(updateId);
  });

  it('is pending for as long as it has no outcome', async () => {
    expect(await cancelAt({ poll })).toMatchObject({ code: 'HW_CANCEL_PENDING' });
  });
});

test('a workflow that is over, or forgotten, has ended the job', async () => {
  const closed = () => Promise.resolve({ workflowExecutionInfo: { status: 2 } });
  expect(await cancelAt({ describe: closed })).toMatchObject({ code: 'HW_JOB_ENDED' });
  expect(await cancelAt({ describe: () => Promise.reject(grpcError(5)) })).toMatchObject({
    code: 'HW_JOB_ENDED',
  });
});

test('a workflow that refuses a cancel as too late says that no worker took it in time', async () => {
  const refused = new WorkflowUpdateFailedError(
    'refused',
    ApplicationFailure.nonRetryable('it was wanted until 7 ms before a worker took it', TAKEN_TOO_LATE),
  );
  expect(await cancelAt({ update: () => Promise.reject(refused) })).toMatchObject({
    code: 'HW_NO_WORKER',
    message: expect.stringContaining('7 ms') as string,
  });
});

test('a cancel is wanted until one second before the door gives up, over all workflows that are asked', async () => {
  jest.useFakeTimers({ now: 1_000_000 });
  try {
    const answers: CancelAnswer[] = [{ outcome: 'left', leftAs: 'own' }, { outcome: 'cancelled' }];
    const { client, executeUpdate, deadlines } = clientOf({
      update: () => {
        jest.setSystemTime(Date.now() + 3_000);
        return Promise.resolve(answers.shift() ?? { outcome: 'unknown' });
      },
    });
    await cancelJob(client, 'w', 'j', 't');
    const updateId: unknown = expect.any(String);
    const asked = ['cancelJob', { updateId, args: ['j', 't', 1_009_000] }];
    expect(executeUpdate.mock.calls).toEqual([asked, asked]);
    expect(deadlines).toEqual([1_010_000, 1_010_000]);
  } finally {
    jest.useRealTimers();
  }
});

describe('a workflow that has no room for one more request', () => {
  const full = () => grpcError(8, 'limit on number of concurrent in-flight updates has been reached');

  it('is asked again with the same request, until it has', async () => {
    const refusals = [full(), full()];
    const { client, executeUpdate } = clientOf({
      update: () => {
        const refusal = refusals.shift();
        return refusal ? Promise.reject(refusal) : Promise.resolve({ outcome: 'cancelled' });
      },
    });
    await cancelJob(client, 'w', 'j');
    expect(executeUpdate).toHaveBeenCalledTimes(3);
    const [first, ...others] = executeUpdate.mock.calls;
    expect(others).toEqual([first, first]);
  });

  it('is not asked when the cancel would not be wanted any more, and nothing was cancelled', async () => {
    jest.useFakeTimers({
      now: 1_000_000,
      doNotFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'nextTick'],
    });
    try {
      const { client, executeUpdate } = clientOf({
        update: () => {
          jest.setSystemTime(Date.now() + 4_000);
          return Promise.reject(full());
        },
      });
      await expect(cancelJob(client, 'w', 'j')).rejects.toMatchObject({
        code: 'HW_NO_WORKER',
        message: expect.stringMatching(/no room .* job j/) as string,
      });
      // At 0, 4 and 8 s; the cancel is wanted for 9 s.
      expect(executeUpdate).toHaveBeenCalledTimes(3);
    } finally {
      jest.useRealTimers();
    }
  });

  it('may have taken the request that was not answered in time', async () => {
    const refusals: Error[] = [full(), timeout];
    const update = () => Promise.reject(refusals.shift() ?? new Error('asked once too often'));
    const outcome = () => Promise.resolve({ outcome: 'cancelled' as const });
    expect(await cancelAt({ update, poll: () => Promise.resolve({ stage: 2 }), outcome })).toBe('cancelled');
  });

  it('is not what another exhausted resource means', async () => {
    const busy = grpcError(8, 'namespace rate limit exceeded');
    const { client, executeUpdate } = clientOf({ update: () => Promise.reject(busy) });
    await expect(cancelJob(client, 'w', 'j')).rejects.toBeDefined();
    expect(executeUpdate).toHaveBeenCalledTimes(1);
  });
});
