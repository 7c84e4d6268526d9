import { readJson } from '../../bridge/kafka/read-json';
import { HeadwayError, messageOf } from '../../contracts/errors';
import { readTimeToCome } from '../read-time';

/** The options of `headway submit` that make up a job request. */
export interface RequestOptions {
  pipeline?: string;
  input?: string;
  id?: string;
  tenant?: string;
  priority?: number;
  deadline?: string;
  notBefore?: string;
  maxCostUsd?: number;
  metadata?: Record<string, string>;
}

const names = [
  'pipeline',
  'input',
  'id',
  'tenant',
  'priority',
  'deadline',
  'notBefore',
  'maxCostUsd',
  'metadata',
] as const;

/**
 * The job request that the options say, as JSON; undefined where they say none.
 *
 * @throws HeadwayError `HW_CONFIG_INVALID`, naming the option
 */
export function requestOfOptions(
  options: RequestOptions,
  hasSource: boolean,
  now: number,
): string | undefined {
  const used = names.filter((name) => options[name] !== undefined).map(flagOf);
  if (used.length === 0) return undefined;
  if (hasSource) throw invalid(`${used[0]} makes a job request of its own: leave out the other one.`);
  const { pipeline, input, id, tenant, priority, deadline, notBefore, maxCostUsd, metadata } = options;
  if (pipeline === undefined) throw invalid(`--pipeline must be given with ${used[0]}.`);
  if (input === undefined) throw invalid('--input must be given with --pipeline.');
  return JSON.stringify({
    id,
    pipeline,
    input: readInput(input),
    tenant,
    priority,
    deadline: deadline && readTimeToCome('--deadline', deadline, now),
    notBefore: notBefore && readTimeToCome('--not-before', notBefore, now),
    maxCostUsd,
    metadata,
  });
}

function readInput(text: string): unknown {
  try {
    return readJson(Buffer.from(text));
  } catch (error) {
    throw invalid(`--input must be a JSON object: ${messageOf(error)}`);
  }
}

function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function invalid(sentence: string): HeadwayError {
  return new HeadwayError('HW_CONFIG_INVALID', sentence);
}
