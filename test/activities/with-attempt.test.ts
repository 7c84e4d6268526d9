import { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { withAttempt } from '../../activities/with-attempt';

const run = (error: Error) =>
  new MockActivityEnvironment({ attempt: 3 }).run(
    withAttempt(() => Promise.reject(error)),
    undefined,
  );

it('a failure says which attempt it was, and is what it was otherwise', async () => {
  const cause = new Error('why');
  const options = { message: 'x', type: 'HW_ENRICH_FAILED', nonRetryable: true, cause };
  await expect(run(ApplicationFailure.create(options))).rejects.toMatchObject({
    ...options,
    details: [{ attempt: 3 }],
  });
  const later = ApplicationFailure.create({ message: 'x', nextRetryDelay: '7s' });
  await expect(run(later)).rejects.toMatchObject({ nonRetryable: false, nextRetryDelay: '7s' });
});

it('an error nobody thought of passes as it is', async () => {
  const error = new TypeError('x is not a function');
  await expect(run(error)).rejects.toBe(error);
});
