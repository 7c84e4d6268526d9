import { errorCodes, HeadwayError } from '../../contracts/errors';
import { readTime } from '../read-time';

export interface FilterArguments {
  code?: string[];
  pipeline?: string[];
  since?: string;
  until?: string;
}

export interface Filter {
  /** All when empty. */
  codes: string[];
  /** All when empty. */
  pipelines: string[];
  /** Milliseconds since 1970. `until` is the first moment that is not meant. */
  since?: number;
  until?: number;
}

/**
 * @param now milliseconds since 1970, for times such as `2h`
 * @throws HeadwayError `HW_CONFIG_INVALID` with one sentence that names the option at fault
 */
export function readFilter(given: FilterArguments, now: number): Filter {
  const codes = given.code ?? [];
  const unknown = codes.find((code) => !(code in errorCodes));
  if (unknown !== undefined) {
    throw invalid(`--code must be an error code, such as HW_PIPELINE_UNKNOWN; not '${unknown}'.`);
  }
  const filter: Filter = {
    codes,
    pipelines: given.pipeline ?? [],
    since: given.since === undefined ? undefined : readTime('--since', given.since, now),
    until: given.until === undefined ? undefined : readTime('--until', given.until, now),
  };
  if (filter.since !== undefined && filter.until !== undefined && filter.since >= filter.until) {
    throw invalid('--since must be a time before that of --until.');
  }
  return filter;
}

export interface AgainArguments {
  again?: boolean;
  againBefore?: string;
}

export interface Again {
  /** Letters that were sent before this time, in milliseconds since 1970, are sent once more. */
  before: number;
  /** What `--again-before` has to say to go on with this run, should it end early. ISO 8601. */
  goOnWith: string;
}

/**
 * Which letters are sent once more. Undefined: none.
 *
 * @param now milliseconds since 1970, before anything is sent
 * @throws HeadwayError `HW_CONFIG_INVALID` as for the filter
 */
export function readAgain({ again, againBefore }: AgainArguments, now: number): Again | undefined {
  if (againBefore === undefined) {
    return again ? { before: Infinity, goOnWith: new Date(now).toISOString() } : undefined;
  }
  const before = readTime('--again-before', againBefore, now);
  return { before, goOnWith: new Date(before).toISOString() };
}

function invalid(sentence: string): HeadwayError {
  return new HeadwayError('HW_CONFIG_INVALID', sentence);
}
