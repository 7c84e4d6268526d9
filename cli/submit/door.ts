import type { AnyResult } from '../any-version';
import type { CheckedRequest } from './check-request';

/** What a door said about a request. */
export interface Verdict {
  request: CheckedRequest;
  /** Why it was not taken: a code of the registry, and a sentence. */
  refused?: { code: string; message: string };
  /** The door failed while it was being sent: it may have been taken. What the door throws then says why. */
  unsure?: true;
  /** It was read, and never handed to the door. */
  notSent?: true;
}

/** How a job ended. */
export interface JobEnd {
  id: string;
  /** A status of a job that has ended, or `dead-lettered`, or `unknown`. */
  status: string;
  /** As it was published. */
  result?: AnyResult;
  /** What went wrong, where something did. */
  message?: string;
  /** Where the job with this id came from that was there before: the one that was sent is left out, and this is how that one ended. */
  duplicateOf?: string;
}

/** Where jobs are taken in, and how one hears of their ends. */
export interface Door {
  /** Where the jobs go, for messages. */
  name: string;
  /** What one should know before one sends a request again that may have been taken; a sentence. */
  sendingAgain: string;
  /**
   * Sends requests in their order, once. A verdict is there as soon as the request is durable or refused. What it has begun to send has a verdict
   * before anything is thrown.
   */
  send(requests: AsyncIterable<CheckedRequest>): AsyncIterable<Verdict>;
  /** The ends of the jobs that were taken, each once, as they come; over when all were sent and have ended. */
  ends(): AsyncIterable<JobEnd>;
  close(): Promise<void>;
}
