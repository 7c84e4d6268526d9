import { HeadwayError } from '../contracts/errors';
import type { Prompt } from '../contracts/stages';

/**
 * What `prompt` of a pipeline returned, when it is a prompt. What it is instead is said by its type alone: a message is published, and may be
 * about a confidential job.
 *
 * @throws HeadwayError `HW_PROMPT_INVALID` naming the pipeline and the field
 */
export function checkPrompt(pipeline: string, returned: unknown): Prompt {
  if (typeof returned !== 'object' || returned === null || Array.isArray(returned)) {
    throw invalid(pipeline, `prompt returned ${kindOf(returned)}; it must return { instructions, input }`);
  }
  if (isThenable(returned)) {
    quieten(returned);
    const instead = 'it must return the prompt itself; what takes time belongs into enrich';
    throw invalid(pipeline, `prompt returned a promise; ${instead}`);
  }
  const { instructions, input, version } = returned as Record<string, unknown>;
  [instructions, input, version].forEach(quieten);
  // A pipeline may say everything in its input. Without one there is nothing to answer.
  if (typeof instructions !== 'string') throw wrongField('instructions', instructions, 'must be a text');
  if (typeof input !== 'string') throw wrongField('input', input, 'must be a text');
  if (input.trim() === '') throw wrongField('input', input, 'must be a text that is not empty');
  if (version !== undefined && typeof version !== 'string') {
    throw wrongField('version', version, 'must be a text, or left out');
  }
  return { instructions, input, ...(version !== undefined && { version }) };

  function wrongField(field: string, value: unknown, must: string): HeadwayError {
    return invalid(pipeline, `prompt returned ${kindOf(value)} as "${field}", which ${must}`);
  }
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (value === '') return 'an empty text';
  if (typeof value === 'string') return value.trim() === '' ? 'a blank text' : 'a text';
  if (typeof value !== 'object') return `a ${typeof value}`;
  return isThenable(value) ? 'a promise' : 'an object';
}

/** Nobody waits for a promise that should not be there, and a rejection that nobody handles ends the worker. */
function quieten(value: unknown): void {
  if (isThenable(value)) value.then(undefined, () => undefined);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}

function invalid(pipeline: string, problem: string): HeadwayError {
  return new HeadwayError('HW_PROMPT_INVALID', `pipeline "${pipeline}": ${problem}`);
}
