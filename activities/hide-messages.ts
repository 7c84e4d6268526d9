import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { HIDDEN_MESSAGE, MARK_IN_JSON, type HiddenMessage } from '../contracts/confidential';
import { messageOf } from '../contracts/errors';

type Activity = (...requests: never[]) => Promise<unknown>;

/**
 * The same activities, but what they throw about confidential jobs has its message in the details, which are encrypted. Temporal keeps and
 * shows messages and stacks in plain text, its SDK logs them, and a pipeline or a provider may quote a job in them.
 */
export function hideMessages<Activities extends Record<string, Activity>>(
  activities: Activities,
): Activities {
  const entries = Object.entries(activities).map(([name, activity]) => [name, hiding(activity)]);
  return Object.fromEntries(entries) as Activities;
}

function hiding(activity: Activity): Activity {
  return async (...requests) => {
    try {
      return await activity(...requests);
    } catch (error) {
      if (isStop(error) || !JSON.stringify(requests).includes(MARK_IN_JSON)) throw error;
      throw withoutMessage(error);
    }
  };
}

/** Says that the activity was to stop. Temporal's SDK tells these by their class. */
function isStop(error: unknown): boolean {
  return (
    error instanceof CancelledFailure || (error as { name?: unknown } | undefined)?.name === 'AbortError'
  );
}

/** With a stack of its own: that of an error begins with its message. */
function withoutMessage(error: unknown): ApplicationFailure {
  const known = error instanceof ApplicationFailure ? error : undefined;
  const hidden: HiddenMessage = { confidential: true, message: messageOf(error) };
  const [detail] = (known?.details ?? []) as [object?];
  const name = error instanceof Error ? error.name : undefined;
  return ApplicationFailure.create({
    message: HIDDEN_MESSAGE,
    type: (known ? known.type : name) ?? undefined,
    nonRetryable: known?.nonRetryable ?? false,
    details: [{ ...detail, ...hidden }],
    nextRetryDelay: known?.nextRetryDelay as number | undefined,
  });
}
