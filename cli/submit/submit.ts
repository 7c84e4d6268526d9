import { HeadwayError } from '../../contracts/errors';
import type { CheckedRequest, CheckRequest } from './check-request';
import type { Door, JobEnd, Verdict } from './door';
import type { RawRequest } from './read-requests';
import { untilInterrupted } from '../until-interrupted';

export interface SubmitOptions {
  door: Door;
  requests: AsyncIterable<RawRequest>;
  check: CheckRequest;
  wait: boolean;
  onVerdict: (verdict: Verdict) => void;
  /** A request that is no job, of a stream: it is left out. */
  onWrong: (wrong: HeadwayError, raw: RawRequest) => void;
  onEnd: (end: JobEnd) => void;
  /** The sending has stopped before all was read, or may have; everything that was read has been told of. */
  onStopped: () => void;
  signal: AbortSignal;
}

/**
 * Sends requests as they come, and tells of each, once, what became of it: also of those that were read and not sent when something went wrong.
 *
 * @throws what keeps the door from taking any; the reason of `signal`
 */
export async function submit(options: SubmitOptions): Promise<void> {
  const { door, wait, onVerdict, onEnd } = options;
  const ends = wait ? takeEnds() : Promise.resolve();
  // Told of below: until all is sent nobody waits for it.
  ends.catch(() => undefined);
  const withoutVerdict = new Set<CheckedRequest>();
  const over = new AbortController();
  const signal = AbortSignal.any([options.signal, over.signal]);
  try {
    for await (const verdict of door.send(checked({ ...options, signal }, withoutVerdict))) {
      withoutVerdict.delete(verdict.request);
      onVerdict(verdict);
    }
  } catch (error) {
    over.abort(new Error('The door has failed.'));
    for (const request of withoutVerdict) onVerdict({ request, notSent: true });
    options.onStopped();
    throw error;
  }
  await ends;

  async function takeEnds(): Promise<void> {
    for await (const end of door.ends()) onEnd(end);
  }
}

async function* checked(
  { requests, check, onWrong, signal }: SubmitOptions,
  read: Set<CheckedRequest>,
): AsyncGenerator<CheckedRequest> {
  for await (const raw of untilInterrupted(requests, signal)) {
    try {
      const request = check(raw);
      read.add(request);
      yield request;
    } catch (error) {
      if (!(error instanceof HeadwayError)) throw error;
      onWrong(error, raw);
    }
  }
}

const SHOWN = 10;

/**
 * Looks at all requests before any is sent.
 *
 * @returns how many there are
 * @throws HeadwayError with a sentence for each of the first few that are wrong
 */
export async function checkAll(requests: AsyncIterable<RawRequest>, check: CheckRequest): Promise<number> {
  const wrong: HeadwayError[] = [];
  let count = 0;
  for await (const raw of requests) {
    count += 1;
    try {
      check(raw);
    } catch (error) {
      if (!(error instanceof HeadwayError)) throw error;
      wrong.push(error);
    }
  }
  const [first] = wrong;
  if (!first) return count;
  const more = wrong.length > SHOWN ? `\n... and ${wrong.length - SHOWN} more` : '';
  const sentences = wrong.slice(0, SHOWN).map(({ message }) => message);
  throw new HeadwayError(first.code, `nothing was sent.\n${sentences.join('\n')}${more}`);
}
