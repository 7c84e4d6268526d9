/**
 * The mark of a job whose pipeline has `policy.confidential`. It stands beside the texts of the job in every value that goes through Temporal,
 * set by whoever makes the value; runtime/payload-keys/ encrypts each payload it stands in.
 */
export interface Confidential {
  confidential?: true;
}

/** The mark as JSON has it. In a text it would read `\"confidential\":true`, so no text can be taken for it. */
export const MARK_IN_JSON = '"confidential":true';

/** To be spread into a value that carries texts of the job. Nothing for jobs that are not confidential. */
export function markOf({ confidential }: { confidential?: boolean }): Confidential {
  return confidential ? { confidential: true } : {};
}

/** What stands in place of the message of a failure: Temporal shows messages in plain text, and they may quote what a job is about. */
export const HIDDEN_MESSAGE = 'The message is confidential.';

/** Detail of a failure whose message is hidden. A payload, so it is encrypted. */
export interface HiddenMessage {
  confidential: true;
  message: string;
}
