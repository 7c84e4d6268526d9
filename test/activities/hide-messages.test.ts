import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { hideMessages } from '../../activities/hide-messages';
import { HIDDEN_MESSAGE } from '../../contracts/confidential';

/** What comes out of an activity that throws this about these jobs. */
async function thrownFor(request: object, error: unknown): Promise<ApplicationFailure> {
  const { stage } = hideMessages({ stage: (_: object) => Promise.reject(error as Error) });
  return await stage(request).then(
    () => Promise.reject(new Error('nothing was thrown')),
    (thrown: unknown) => thrown as ApplicationFailure,
  );
}

const confidential = { jobs: [{ index: 0 }, { index: 1, confidential: true }] };

test('the message of a failure goes into its details, and everything else stays', async () => {
  const error = ApplicationFailure.create({
    message: 'no Alice in the directory',
    type: 'HW_ENRICH_FAILED',
    nonRetryable: true,
    nextRetryDelay: 5_000,
    details: [{ attempt: 3 }],
    cause: new Error('select * from people where name = Alice'),
  });
  const thrown = await thrownFor(confidential, error);
  expect(thrown).toMatchObject({
    message: HIDDEN_MESSAGE,
    type: 'HW_ENRICH_FAILED',
    nonRetryable: true,
    nextRetryDelay: 5_000,
    details: [{ attempt: 3, confidential: true, message: 'no Alice in the directory' }],
    cause: undefined,
  });
  expect(thrown.stack).not.toContain('Alice');
});

test('any other error becomes one that may pass', async () => {
  const thrown = await thrownFor(confidential, new TypeError('Alice is no number'));
  expect(thrown).toMatchObject({ message: HIDDEN_MESSAGE, type: 'TypeError', nonRetryable: false });
  expect(thrown.details).toEqual([{ confidential: true, message: 'Alice is no number' }]);
});

test.each<[string, object, Error]>([
  ['of jobs that are not confidential', { jobs: [{ index: 0 }] }, new Error('no Alice')],
  ['of an activity that has to stop', confidential, new CancelledFailure('CANCELLED')],
  ['of a request that was given up', confidential, new DOMException('aborted', 'AbortError')],
])('the error %s is thrown as it is', async (_, request, error) => {
  expect(await thrownFor(request, error)).toBe(error);
});
