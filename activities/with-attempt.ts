import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { FailedAttempt } from '../contracts/stages';

/** The same activity, but its failures tell the workflow which attempt it was (`FailedAttempt`): Temporal itself does not. */
export function withAttempt<Request, Response>(
  activity: (request: Request) => Promise<Response>,
): (request: Request) => Promise<Response> {
  return async (request) => {
    try {
      return await activity(request);
    } catch (error) {
      if (!(error instanceof ApplicationFailure)) throw error;
      const details: [FailedAttempt] = [{ attempt: activityInfo().attempt }];
      throw Object.assign(error, { details });
    }
  };
}
