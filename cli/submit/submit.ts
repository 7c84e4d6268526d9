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
  signal: AbortSignal;
}

/**
 * Sends requests as they come, and tells of each what became of it.
 *
 * @throws what keeps the door from taking any; the reason of `signal`
 */
export async function submit(options: SubmitOptions): Promise<void> {
  const { door, wait, onVerdict, onEnd } = options;
  const ends = wait ? takeEnds() : Promise.resolve();
  // Told of below: until all is sent nobody waits for it.
  ends.catch(() => undefined);
  for await (const verdict of door.send(checked(options))) onVerdict(verdict);
  await ends;

  async function takeEnds(): Promise<void> {
    for await (const end of door.ends()) onEnd(end);
  }
}

async function* checked({ requests, check, onWrong, signal }: SubmitOptions): AsyncGenerator<CheckedRequest> {
  for await (const raw of untilInterrupted(requests, signal)) {
    try {
      yield check(raw);
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
