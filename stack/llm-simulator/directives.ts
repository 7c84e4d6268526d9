import { ApiError } from './api-error';
import { faultNames, pollFaults, type FaultName } from './fault-names';

/** One instruction for a single job, such as `malformed times=1`. Times are in milliseconds before the time scale. */
export interface Directive {
  fault?: FaultName;
  latencyMs?: number;
  /** Only the first N calls of the job (at=poll: the first N polls of each response). */
  times: number;
  at: 'create' | 'poll';
  /** Only calls of this model. */
  model?: string;
  /** For `incomplete` the reason, for `failed` the error code. */
  reason?: string;
  retryAfterMs?: number;
  /** Where `disconnect` cuts: before any byte of the answer, or in the middle of its body. */
  part?: 'before' | 'body';
}

const marker = /\[\[\s*simulate:\s*([^\]]*)\]\]/gi;
const aliases: Record<string, FaultName> = { refuse: 'refusal', quota: 'insufficient_quota' };

/**
 * The directives of a call, to `calledModel` where that is given: from `metadata.headway_simulate` (several are separated by `;`), otherwise from
 * every `[[simulate: ...]]` in the text.
 * @throws ApiError 400 when one cannot be understood, so that a typing error in a test shows at once.
 */
export function readDirectives(
  metadata: string | undefined,
  text: string,
  calledModel?: string,
): Directive[] {
  const found = metadata ? [metadata] : [...text.matchAll(marker)].map((match) => match[1]!);
  return found
    .flatMap((part) => part.split(';'))
    .filter((part) => part.trim())
    .map(parseDirective)
    .filter(({ model = calledModel }) => calledModel === undefined || model === calledModel);
}

/** The text as a model would see it: without directives. */
export function withoutDirectives(text: string): string {
  return text.includes('[[') ? text.replace(marker, '').trim() : text;
}

function parseDirective(text: string): Directive {
  const directive: Directive = { times: Infinity, at: 'create' };
  for (const word of text.trim().split(/[\s,]+/)) {
    const [name = '', value] = word.split('=');
    if (value === undefined) directive.fault = faultNamed(name, text);
    else if (name === 'times') directive.times = numberFrom(value, text);
    else if (name === 'latency') directive.latencyMs = numberFrom(value, text);
    else if (name === 'retry_after') directive.retryAfterMs = numberFrom(value, text);
    else if (name === 'reason') directive.reason = value;
    else if (name === 'model') directive.model = value;
    else if (name === 'at' && (value === 'create' || value === 'poll')) directive.at = value;
    else if (name === 'part' && (value === 'before' || value === 'body')) directive.part = value;
    else throw notUnderstood(text, `"${word}"`);
  }
  if (directive.fault === undefined && directive.latencyMs === undefined) {
    throw notUnderstood(text, 'no fault and no latency');
  }
  if (directive.at === 'poll' && !(pollFaults as readonly unknown[]).includes(directive.fault)) {
    throw notUnderstood(text, `at=poll goes with ${pollFaults.join(', ')} only`);
  }
  return directive;
}

function faultNamed(name: string, text: string): FaultName {
  const fault = aliases[name] ?? faultNames.find((known) => known === name);
  if (!fault) throw notUnderstood(text, `"${name}" is not one of ${faultNames.join(', ')}`);
  return fault;
}

function numberFrom(value: string, text: string): number {
  const number = Number(value);
  if (value === '' || !(number >= 0)) throw notUnderstood(text, `"${value}" is not a number`);
  return number;
}

function notUnderstood(text: string, why: string): ApiError {
  return new ApiError(400, {
    message: `LLM SIMULATOR: the directive "${text.trim()}" cannot be understood: ${why}.`,
    param: 'metadata.headway_simulate',
    code: 'invalid_simulator_directive',
  });
}
