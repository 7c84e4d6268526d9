/**
 * The one registry of error codes. Everything a user can see (log line, failed result, dead letter, exit
 * message) carries a code from here, so that it can be searched for.
 */
export const errorCodes = {
  HW_CONFIG_INVALID: {
    meaning: 'A variable, an option or a file is missing, or has a value that cannot be used.',
    action:
      'Correct what the message names; docs/reference/configuration.md lists the variables, `--help` of a command its options.',
  },
  HW_FILE_UNREADABLE: {
    meaning: 'A file that a command was told to read is not there, or cannot be read.',
    action: 'Correct the path, or the rights to the file; the message says which file and why.',
  },
  HW_PREREQUISITE_MISSING: {
    meaning: 'A program the local stack needs is not installed, or too old.',
    action: 'Install it, or give the address of a running server instead; the message names both.',
  },
  HW_STACK_FAILED: {
    meaning: 'A server of the local stack did not start, or ended by itself.',
    action: 'Read the message, and the log file if it names one.',
  },
  HW_SERVER_UNREACHABLE: {
    meaning: 'A server that a command needs does not answer.',
    action: 'Start it, or correct the address; the message names both.',
  },
  HW_NO_WORKER: {
    meaning: 'Temporal answers, but no worker took the question that was put to a workflow in time.',
    action: 'Start a worker, or wait until the workers have less to do; then ask again.',
  },
  HW_CANCEL_PENDING: {
    meaning: 'A worker was held up while a job was to be cancelled, and may still cancel it.',
    action: 'Look at the status of the job in a while, or cancel it once more: that does no harm.',
  },
  HW_RECORD_EMPTY: {
    meaning: 'The record has no value (a tombstone) or an empty one.',
    action: 'Send a job request as JSON in the record value.',
  },
  HW_RECORD_NOT_UTF8: {
    meaning: 'The record value is not valid UTF-8.',
    action: 'Send UTF-8 encoded JSON.',
  },
  HW_RECORD_NOT_JSON: {
    meaning: 'The record value is not JSON.',
    action: 'Send one JSON object for each record.',
  },
  HW_RECORD_TOO_LARGE: {
    meaning: 'The job request is larger than a workflow can carry.',
    action:
      'Set PAYLOAD_STORE if the message names it; otherwise send a reference to the data instead of the data itself.',
  },
  HW_CLOUD_EVENT_INVALID: {
    meaning: 'The record is a CloudEvent, but not one of version 1.0 with a job request as JSON in its data.',
    action:
      'Correct the attribute or header that the message names; docs/reference/kafka.md shows both modes.',
  },
  HW_JOB_INVALID: {
    meaning: 'The job request, or its input, does not match the schema.',
    action: 'Correct the field that the message names.',
  },
  HW_PROMPT_INVALID: {
    meaning:
      'A prompt file of a pipeline is missing or is no template, a variable of it was not given, or `prompt` of a pipeline returned something else than a prompt.',
    action: 'Correct what the message names; the build has to copy prompt files beside the compiled code.',
  },
  HW_PIPELINE_UNKNOWN: {
    meaning: 'No pipeline of that name is installed.',
    action: 'Use one of the names in the message, or have the process load it (HEADWAY_PIPELINES).',
  },
  HW_DEADLINE_EXCEEDED: {
    meaning: 'The deadline of the job passed before it was finished.',
    action: 'Send the job again with a later deadline.',
  },
  HW_JOB_CANCELLED: {
    meaning: 'The job was cancelled.',
    action: 'Nothing; send it again if it is still wanted.',
  },
  HW_WORKFLOW_TERMINATED: {
    meaning: 'Somebody ended the workflow of the job from outside, before the job had a result.',
    action: 'Run the job again, or send it again, if it is still wanted.',
  },
  HW_JOB_UNKNOWN: {
    meaning: 'No workflow has this job, or Temporal does not remember it any more.',
    action:
      'Check the job id. A record that no bridge has read yet waits on the queue topic, and one that could not be a job is a dead letter: headway audit says what became of each. Send it again if it was never sent, or if the retention of the namespace has passed.',
  },
  HW_JOB_RUNNING: {
    meaning: 'The job is still running.',
    action: 'Wait for its result, or cancel it first.',
  },
  HW_JOB_ENDED: {
    meaning: 'The job has ended already, or its end is known and about to be published.',
    action: 'Nothing; take its result.',
  },
  HW_JOB_ID_TAKEN: {
    meaning: 'The job id, or the idempotency key, was used before for another request.',
    action: 'Send the same request as before, or choose another id or key.',
  },
  HW_CURSOR_INVALID: {
    meaning: 'The cursor of a page is not one that was given out, or is out of date.',
    action: 'Begin again without a cursor.',
  },
  HW_JOB_NOT_FAILED: {
    meaning: 'The job completed, or a newer run of it has ended since.',
    action: 'Nothing; take the newest result.',
  },
  HW_REDRIVE_TAKEN_OVER: {
    meaning: 'Another redrive of the same dead-letter topic began, so this one stopped.',
    action:
      'Run it again when the other one has ended, with --again-before in the place of --again; nothing is sent twice.',
  },
  HW_UNAVAILABLE: {
    meaning: 'A system that a stage needs (database, internal service) is away.',
    action: 'Nothing; jobs wait and go on by themselves. Look after the system the message names.',
  },
  HW_ENRICH_FAILED: {
    meaning: 'The enrichment of this job failed for good.',
    action: 'Read the message; correct the input or the pipeline.',
  },
  HW_ENRICH_TOO_LARGE: {
    meaning: 'Prompt and enrichment of this job are larger than a workflow can carry.',
    action:
      'Set PAYLOAD_STORE if the message names it; otherwise let the pipeline select less internal data.',
  },
  HW_LLM_UNAVAILABLE: {
    meaning:
      'The LLM provider gave no answer: rate limit, server error or network, beyond the time or the attempts allowed.',
    action: 'Send the job again once the provider is back.',
  },
  HW_LLM_RATE_LIMITED: {
    meaning: 'The LLM provider answers 429: more requests or tokens than the account may use.',
    action:
      'Nothing; the call is made again when the provider allows it. Raise the limit if it happens often.',
  },
  HW_LLM_TIMEOUT: {
    meaning: 'The LLM call took longer than the pipeline allows.',
    action: 'Raise policy.llm.timeoutMs of the pipeline, or ask a smaller question.',
  },
  HW_LLM_REJECTED: {
    meaning: 'The LLM provider rejected the request; repeating it would change nothing.',
    action: 'Read the message: most often the key, the model name or the size of the prompt.',
  },
  HW_LLM_REFUSED: {
    meaning: 'The model refused to answer.',
    action: 'Change the question or the prompt, or set policy.llm.fallbackModel of the pipeline.',
  },
  HW_LLM_INCOMPLETE: {
    meaning: 'The answer was cut off by the output limit, also by the raised one, or by the content filter.',
    action:
      'Raise policy.llm.maxOutputTokens of the pipeline; against the content filter, set its policy.llm.fallbackModel.',
  },
  HW_LLM_BAD_ANSWER: {
    meaning: 'The answer did not match the response schema, also after repair attempts.',
    action:
      'Simplify the response schema, or set a stronger policy.llm.model or fallbackModel of the pipeline.',
  },
  HW_COST_CEILING: {
    meaning: 'The budget of the job, or of its tenant for the day, would not have covered its next LLM call.',
    action:
      'Raise maxCostUsd of the job or its pipeline, or LLM_TENANT_DAILY_COST_USD, or wait for the next day (UTC); then run the job again.',
  },
  HW_ANSWER_TOO_LARGE: {
    meaning: 'The answer of the LLM is larger than a workflow can carry.',
    action:
      'Set PAYLOAD_STORE if the message names it; otherwise lower policy.llm.maxOutputTokens of the pipeline.',
  },
  HW_POST_PROCESS_FAILED: {
    meaning: 'Post-processing of this job failed for good.',
    action: 'Read the message; correct the pipeline.',
  },
  HW_RESULT_TOO_LARGE: {
    meaning: 'The result is larger than a record of the results topic may be.',
    action:
      'Let postProcess return less, or raise RESULT_MAX_BYTES together with max.message.bytes of the topic, and start the workers anew.',
  },
  HW_REQUEST_INVALID: {
    meaning: 'The HTTP request cannot be understood: a parameter, a header or its body.',
    action: 'Correct what the message names; docs/reference/http.md describes every request.',
  },
  HW_REQUEST_TIMEOUT: {
    meaning: 'The HTTP request did not arrive in time.',
    action: 'Send it again, faster.',
  },
  HW_MEDIA_TYPE: {
    meaning: 'The body of the HTTP request has a content type that this address does not take.',
    action: 'Send what the message names.',
  },
  HW_ROUTE_UNKNOWN: {
    meaning: 'Nothing is at this address.',
    action: 'Correct the path; /openapi.json lists them all.',
  },
  HW_METHOD_NOT_ALLOWED: {
    meaning: 'This address does not know the HTTP method.',
    action: 'Use one of the methods in the header Allow.',
  },
  HW_UNAUTHENTICATED: {
    meaning: 'The HTTP request has no API key, or one that is not known.',
    action: 'Send `Authorization: Bearer <key>` with a key of HTTP_API_KEYS.',
  },
  HW_FORBIDDEN: {
    meaning: 'The HTTP request is not allowed to do this.',
    action: 'Use a key with the scope and the tenant that the message names.',
  },
  HW_WEBHOOK_REFUSED: {
    meaning: 'A webhook is not signed with a secret that the HTTP door knows, or was signed long ago.',
    action:
      'Set OPENAI_WEBHOOK_SECRET to the signing secret that the provider shows for this webhook, and see that the clock is right.',
  },
  HW_RATE_LIMITED: {
    meaning: 'Too many HTTP requests with this API key.',
    action: 'Wait as long as the header Retry-After says.',
  },
  HW_PAYLOAD_UNREADABLE: {
    meaning:
      'What Temporal holds of a job cannot be read here: it was moved to a payload store that is away, or that this process has not been told of; or it is encrypted with a key that this process does not have.',
    action:
      'Set the one that the message names, PAYLOAD_STORE or PAYLOAD_KEYS, to what it was when the job was started, and see that the store can be reached.',
  },
  HW_OVERLOADED: {
    meaning: 'The HTTP door has more to do than it can take.',
    action: 'Send it again after the time in the header Retry-After.',
  },
  HW_SHUTTING_DOWN: {
    meaning: 'This process is being stopped.',
    action: 'Send it again; another process, or the next one, takes it.',
  },
  HW_INTERNAL: {
    meaning: 'A defect in Headway itself.',
    action: 'Please report it, with the message.',
  },
} as const satisfies Record<string, { meaning: string; action: string }>;

/**
 * A code of the registry above, such as `HW_CONFIG_INVALID`.
 *
 * @useDeclaredType
 */
export type ErrorCode = keyof typeof errorCodes;

/** An error a user can see. `message` is a full sentence that names the field or variable at fault. */
export class HeadwayError extends Error {
  /** Tells it apart where two copies of Headway are loaded. */
  override readonly name = 'HeadwayError';

  constructor(
    /** Which error it is; docs/reference/errors.md has them all. */
    readonly code: ErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The text of anything thrown, as `sentence` makes it. Never throws itself, whatever code of a pipeline may have thrown. */
export function messageOf(error: unknown): string {
  try {
    return sentence(textOf(error));
  } catch {
    return 'something without a text was thrown';
  }
}

function textOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error);
  const { message, name } = error as { message?: unknown; name?: unknown };
  // Also of an error from outside of a sandbox.
  if (typeof message === 'string') return message || String(name);
  // Undefined where `toJSON` says so.
  return JSON.stringify(message ?? error) ?? Object.prototype.toString.call(error);
}

/**
 * A text from elsewhere, fit for messages: one line without control characters, at most 1,000 characters, and no half of a surrogate
 * pair, which cannot be written as UTF-8 (one in a failure makes Temporal's SDK give up on the whole worker).
 */
export function sentence(text: string): string {
  return text
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, 1_000)
    .toWellFormed();
}
