import type { Counter } from 'prom-client';
import type { LlmHandle } from '../../contracts/stages';
import { PollSchedule, type Wake } from './poll-schedule';
import { PollTimes } from './poll-times';
import { WatchedCalls } from './watched-calls';
import type { NamedCalls } from './webhooks/named-calls';
import { WebhookTrust } from './webhooks/webhook-trust';

export interface FollowCallsOptions {
  /** Calls that webhooks have named. Without it all ends are found by polling. */
  namedCalls?: NamedCalls;
  polls?: Counter<'why'>;
}

/** Knows for each call that waits when to ask for it. */
export interface FollowedCall {
  /**
   * Resolves when the call is to be polled.
   *
   * @throws the reason of `signal`
   */
  untilNextPoll(signal: AbortSignal): Promise<void>;
  /** The poll found it running, has found its end, or the provider could not be asked. */
  foundRunning(): void;
  foundEnded(): void;
  notAnswered(): void;
  /** It is waited for no longer, or again with the next wave. */
  close(): void;
}

/** A webhook that comes so much later than the poll that found the end would have been of no use. */
const TOO_LATE_MS = 5_000;

/** What is known of the calls of one kind, which take about the same time and are told in the same way. */
interface Known {
  times: PollTimes;
  trust: WebhookTrust;
}

/**
 * When to ask for which call: when its webhook has come, and otherwise when an answer is likely. Where webhooks tell the ends of calls,
 * polls are rare; as soon as they stop to, polls are as if there had never been any.
 *
 * @returns `follow`, which learns for calls of each kind apart, and `pause`, which waits on the timer that all of them share
 */
export function createCallFollower({ namedCalls, polls }: FollowCallsOptions): {
  follow: (handle: LlmHandle, kind: string) => FollowedCall;
  pause: (ms: number, signal: AbortSignal) => Promise<void>;
} {
  const schedule = new PollSchedule();
  const watchedCalls = new WatchedCalls();
  const knownOf = new Map<string, Known>();
  /** Calls found ended of which no webhook has told yet. */
  const untold = new Map<string, { at: number; known: Known }>();

  namedCalls?.listen({
    isNeeded: () => schedule.size > 0,
    onNamed(callId) {
      const found = untold.get(callId);
      if (found && Date.now() - found.at <= TOO_LATE_MS) {
        untold.delete(callId);
        seeEnd(found.known, true);
      }
      schedule.hurry(callId);
    },
    onChange: () => schedule.reconsider(),
    onRead() {
      for (const [callId, { at, known }] of untold) {
        if (Date.now() - at <= TOO_LATE_MS) break;
        untold.delete(callId);
        seeEnd(known, false);
      }
    },
  });

  return {
    follow,
    pause: async (ms, signal) => void (await schedule.after(ms, signal)),
  };

  function follow(handle: LlmHandle, kind: string): FollowedCall {
    const { callId, startedAt, timeoutAt } = handle;
    const known = knownOf.get(kind) ?? { times: new PollTimes(), trust: new WebhookTrust() };
    knownOf.set(kind, known);
    let isWatched = watchedCalls.isWatched(handle);
    /** It was running then, as far as is known. */
    let runningAt = startedAt;
    /** A webhook named it, and yet it was found running. */
    let misled = false;
    /** How it is polled now. */
    let rarely = false;
    /** Polls were left out, so when it ended is not known from the last one. */
    let leftOut = false;
    let why: Wake | undefined;

    return {
      async untilNextPoll(signal) {
        namedCalls?.need();
        do {
          why = isNamed()
            ? 'hurried'
            : await schedule.after(Math.min(untilPoll(), untilTimeout()), signal, callId);
        } while (why === 'reconsider');
        polls?.inc({ why: why === 'hurried' ? 'webhook' : rarely ? 'safety' : 'learned' });
      },
      foundRunning() {
        misled ||= why === 'hurried';
        runningAt = Date.now();
        isWatched = true;
        known.times.stillRunning(runningAt - startedAt);
      },
      foundEnded() {
        const ms = Date.now() - startedAt;
        const atOnce = why === 'hurried';
        if (isWatched && (atOnce || !leftOut)) known.times.learn(ms, atOnce);
        if (namedCalls?.has(callId)) seeEnd(known, true);
        else if (namedCalls?.covers(runningAt)) untold.set(callId, { at: Date.now(), known });
      },
      notAnswered() {
        isWatched = false;
      },
      close: () => watchedCalls.lookAway(callId),
    };

    function isNamed(): boolean {
      return !misled && namedCalls?.has(callId) === true;
    }

    function untilPoll(): number {
      const elapsedMs = Date.now() - startedAt;
      rarely = known.trust.trusted && !misled && namedCalls?.covers(runningAt) === true;
      leftOut ||= rarely;
      return rarely ? known.times.untilRare(elapsedMs) : known.times.untilNext(elapsedMs);
    }

    function untilTimeout(): number {
      return Math.max(timeoutAt - Date.now(), 0);
    }
  }

  function seeEnd({ trust }: Known, told: boolean): void {
    const before = trust.trusted;
    trust.seeEnd(told);
    if (before && !trust.trusted) schedule.reconsider();
  }
}
