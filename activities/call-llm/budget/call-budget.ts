import type { TaskPriority } from '../../../contracts/task-priority';
import { within } from '../../../runtime/within';
import type { Amount, BudgetStore, Lease, Limits } from './budget-store';
import { fairShare } from './fair-share';
import { HeldBudget } from './held-budget';
import { lacksMigration } from './lacks-migration';
import { ProviderLimits } from './provider-limits';
import type { RateLimitHeaders } from './rate-limit-headers';
import { ReturnTimes, type Pace } from './return-times';
import { TokenCount, type Tokens } from './token-count';
import { WaitingLine, type WaitingCall } from './waiting-line';

export interface CallBudgetOptions {
  /** Names it in the store. */
  name: string;
  store: BudgetStore;
  configured: Limits;
  /** Told of a store that does not answer; the calls go on. */
  onStoreTrouble?: (error: unknown) => void;
  metrics?: CallBudgetMetrics;
}

/** What one budget counts. */
export interface CallBudgetMetrics {
  taken(amount: Amount): void;
  waited(seconds: number): void;
  sentBack(): void;
  answered(status: number): void;
  state(state: { waiting: number; limits: Limits }): void;
}

/** The calls of one activity: they give up waiting together. */
export interface Round {
  waitUntil: number;
}

export interface TakeOptions {
  turn?: TaskPriority;
  /** The call was sent back before. */
  returned?: boolean;
  round: Round;
  /** When its job has no use for it any more, ms since 1970. */
  deadline?: number;
  signal?: AbortSignal;
}

/** `isCounted`: something was taken for it, which is not so while no limit is known. */
export type Taken = { kind: 'taken'; isCounted: boolean } | { kind: 'sent-back'; retryAfterMs: number };

/** Between two leases while calls wait. */
const INTERVAL_MS = 300;
/** What nobody has used for so long is given back. */
const IDLE_MS = 2_000;
const STORE_TIMEOUT_MS = 1_000;
/** Where no limit is known, the store is asked again after so long. */
const UNLIMITED_MS = 30_000;
/** Once one call of an activity is made the others do not keep it from being awaited any longer than this. */
const WAIT_FOR_OTHERS_MS = 2_000;
/** When those come again that wait while the process stops. */
const CLOSED_MS = 1_000;

const nothingKnown: Omit<Lease, 'totals'> = {
  granted: { requests: 0, tokens: 0 },
  limits: {},
  pausedMs: 0,
};

interface Entry extends WaitingCall {
  call: Tokens;
  since: number;
  deadline: number;
  round: Round;
  settle: (taken: Taken) => void;
}

/**
 * Requests and tokens a minute of one model, as one process sees them: it leases slices of what all processes share, and gives them to
 * its calls by turns of their tenants.
 */
export class CallBudget {
  private readonly line = new WaitingLine<Entry>();
  private readonly held = new HeldBudget();
  private readonly provider = new ProviderLimits();
  private readonly count = new TokenCount();
  private readonly pace: Pace;
  private readonly returnTimes: ReturnTimes;
  private unlimitedUntil = 0;
  private leasedAt = Date.now();
  private timer: NodeJS.Timeout | undefined;
  private leasing: Promise<void> | undefined;
  /** Questions to the store that have not been answered in time. */
  private givenUp = 0;
  private closed = false;

  constructor(private readonly options: CallBudgetOptions) {
    this.pace = { limits: options.configured, share: 1, processes: 1, pausedUntil: 0 };
    this.returnTimes = new ReturnTimes(this.line, this.pace);
  }

  /**
   * Takes one request and the tokens of a call, as the provider will count them, when it is this call's turn; or sends it back when that would take longer than its round can
   * wait, with when to come again. Rejects only with the reason of `signal`.
   */
  async take(
    call: Tokens,
    { turn, returned = false, round, deadline = Infinity, signal }: TakeOptions,
  ): Promise<Taken> {
    signal?.throwIfAborted();
    const tokens = this.count.of(call);
    this.held.asked(tokens);
    const now = Date.now();
    if (this.closed || now < this.unlimitedUntil) return this.taken(false, tokens, now, round);
    if (this.line.length === 0 && this.fits(tokens, now)) {
      this.held.spend(call, tokens);
      this.schedule(this.held.isLow() ? 0 : IDLE_MS);
      return this.taken(true, tokens, now, round);
    }
    if (!returned && this.returnTimes.waitMs(turn, tokens) > round.waitUntil - now)
      return this.sendBack(turn, tokens);
    return new Promise<Taken>((resolve, reject) => {
      const onAbort = () => {
        this.line.remove((one) => one === entry);
        reject(signal!.reason as Error);
      };
      const settle = (taken: Taken) => {
        signal?.removeEventListener('abort', onAbort);
        resolve(taken);
      };
      const entry: Entry = { turn, call, tokens, returned, round, deadline, since: now, settle };
      this.line.add(entry);
      signal?.addEventListener('abort', onAbort, { once: true });
      const { pausedUntil } = this.pace;
      this.schedule(now < pausedUntil ? pausedUntil - now : this.line.length === 1 ? 0 : INTERVAL_MS);
    });
  }

  /** What a call has used that has ended, and what was estimated; of one that was not counted the same. */
  settle(estimated: number, used: number): void {
    if (Date.now() < this.unlimitedUntil) return;
    this.held.ended(used, this.count.settled(estimated, used));
    this.schedule(IDLE_MS);
  }

  /** A call that was counted and then refused has used no tokens. It counts as a request all the same. */
  refund(call: Tokens): void {
    if (Date.now() < this.unlimitedUntil) return;
    this.held.refund(call, this.count.of(call));
    this.schedule(IDLE_MS);
  }

  /** What the provider said about its limits, in an answer to this call. */
  note(headers: RateLimitHeaders, call: Tokens): void {
    const { limits, remaining, status, tokenCapacity: capacity, sentAt: at = Date.now() } = headers;
    const tokens = this.count.of(call);
    this.options.metrics?.answered(status);
    if (this.provider.note(headers)) this.storeTold();
    if (capacity === undefined || remaining.tokens === undefined || limits.tokens === undefined) {
      if (status < 300) this.count.readNothing();
    } else
      this.count.read(
        { remaining: remaining.tokens, limit: limits.tokens, capacity, at },
        tokens,
        this.hasOwnTokenLimit(),
      );
    const pauseMs = this.provider.pauseMs(headers, tokens, this.isLimited());
    if (pauseMs !== undefined) this.pause(pauseMs);
  }

  /** Gives back what is held; calls that come later are let through. */
  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    await this.leasing;
    for (const entry of this.line.remove(() => true))
      entry.settle({ kind: 'sent-back', retryAfterMs: CLOSED_MS });
    const { store, name, configured } = this.options;
    const last = this.held.end();
    if (!this.isLimited()) return;
    const nothing = { requests: 0, tokens: 0 };
    const giveBack = async () => {
      await store.lease(name, { ...last, want: nothing, share: 0, entitled: nothing, configured });
      await store.leave(name);
    };
    await this.quietly(() => this.ask(giveBack));
  }

  private isLimited(): boolean {
    const { requests, tokens } = this.pace.limits;
    return requests !== undefined || tokens !== undefined;
  }

  private fits(tokens: number, now: number): boolean {
    return now >= this.pace.pausedUntil && this.held.fits(tokens);
  }

  private taken(isCounted: boolean, tokens: number, since: number, round: Round): Taken {
    const now = Date.now();
    round.waitUntil = Math.min(round.waitUntil, now + WAIT_FOR_OTHERS_MS);
    this.options.metrics?.taken({ requests: 1, tokens });
    this.options.metrics?.waited((now - since) / 1_000);
    return { kind: 'taken', isCounted };
  }

  private sendBack(turn: TaskPriority | undefined, tokens: number): Taken {
    this.options.metrics?.sentBack();
    return { kind: 'sent-back', retryAfterMs: this.returnTimes.promise(turn, tokens) };
  }

  private schedule(ms: number): void {
    if (this.leasing || this.closed) return;
    if (this.timer && ms > 0 && this.line.length > 0) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.leasing = this.lease().finally(() => {
        this.leasing = undefined;
        if (this.line.length > 0) this.schedule(this.nextMs());
        else if (this.held.isAny()) this.schedule(IDLE_MS);
      });
    }, ms);
    this.timer.unref();
  }

  private nextMs(): number {
    const pauseMs = this.pace.pausedUntil - Date.now();
    // Not all processes at the same moment.
    return (pauseMs > 0 ? Math.min(pauseMs, 1_000) : INTERVAL_MS) * (0.9 + Math.random() * 0.2);
  }

  private async lease(): Promise<void> {
    const { store, name, configured, onStoreTrouble } = this.options;
    this.sendBackTheImpatient();
    const now = Date.now();
    const elapsedMs = Math.max(1, now - this.leasedAt);
    this.leasedAt = now;
    this.held.countDemand(elapsedMs);
    this.line.recount(({ call }) => this.count.of(call));
    const isShort = this.isShortOfTokens();
    const exchange = this.held.exchange({ requests: this.line.length, tokens: this.line.tokens });
    const remaining = this.provider.takeRemaining();
    let isSent = false;
    try {
      if (this.provider.isUnstored) await this.tell();
      const waiting = this.line.waiting();
      const others = await this.ask(() => store.meet(name, waiting));
      const share = fairShare(waiting, others);
      Object.assign(this.pace, { share, processes: others.length + 1 });
      const request = { ...exchange, share, configured, remaining, entitled: this.entitled(elapsedMs) };
      isSent = true;
      const lease = await this.ask(() => store.lease(name, request));
      this.use(lease);
      if (lease) this.count.learn(lease.totals, isShort, Date.now());
    } catch (error) {
      // Where nothing is limited a database that is away is nobody's trouble. One that lacks a column would let nothing ever be.
      if (this.isLimited() || lacksMigration(error)) onStoreTrouble?.(error);
      this.held.putBack(exchange, { isSent, isPaused: Date.now() < this.pace.pausedUntil });
      this.goOnAlone(elapsedMs);
    }
    this.serve();
  }

  private use(lease: Lease | undefined): void {
    const { granted, limits, pausedMs } = lease ?? nothingKnown;
    this.pace.limits = { ...this.options.configured, ...limits };
    if (pausedMs > 0) this.pauseHere(Date.now() + pausedMs);
    else if (!this.isLimited()) this.unlimitedUntil = Date.now() + UNLIMITED_MS;
    this.held.add(granted);
  }

  /** The share that this process had before; where it never had one, all of what is configured. */
  private goOnAlone(elapsedMs: number): void {
    const { limits, share } = this.pace;
    if (this.isLimited()) this.held.refill(limits, share, elapsedMs, this.line.first()?.tokens ?? 0);
    else this.unlimitedUntil = Date.now() + UNLIMITED_MS;
  }

  private serve(): void {
    const now = Date.now();
    const unlimited = now < this.unlimitedUntil;
    for (let first = this.line.first(); first; first = this.line.first()) {
      if (!unlimited && !this.fits(first.tokens, now)) break;
      this.line.shift();
      if (!unlimited) this.held.spend(first.call, first.tokens);
      first.settle(this.taken(!unlimited, first.tokens, first.since, first.round));
    }
    this.options.metrics?.state({ waiting: this.line.length, limits: this.pace.limits });
  }

  private sendBackTheImpatient(): void {
    this.returnTimes.forgetPast();
    const now = Date.now();
    for (const entry of this.line.remove((one) => Math.min(one.round.waitUntil, one.deadline) <= now)) {
      entry.settle(this.sendBack(entry.turn, entry.tokens));
    }
  }

  /** Its share of what was refilled since its last lease. Without it, who asks for more would get more than its share. */
  private entitled(elapsedMs: number): Amount {
    const { limits, share } = this.pace;
    const of = (limit = 0) => (limit / 60_000) * share * Math.min(elapsedMs, 1_000);
    return { requests: of(limits.requests), tokens: of(limits.tokens) };
  }

  /** Calls wait for tokens, and it is the provider's limit that holds them back. */
  private isShortOfTokens(): boolean {
    const first = this.line.first();
    if (!first || Date.now() < this.pace.pausedUntil) return false;
    return this.held.lacksOnlyTokens(first.tokens) && !this.hasOwnTokenLimit();
  }

  private hasOwnTokenLimit(): boolean {
    return this.provider.isAbove(this.options.configured.tokens);
  }

  /** From then on limits are known, so calls are counted. */
  private storeTold(): void {
    void this.quietly(() => this.tell()).then(() => {
      if (this.unlimitedUntil === 0) return;
      this.unlimitedUntil = 0;
      this.schedule(0);
    });
  }

  private tell(): Promise<void> {
    const { store, name } = this.options;
    return this.ask(() => this.provider.store((limits) => store.learn(name, limits)));
  }

  private pause(ms: number): void {
    const until = Date.now() + ms;
    // Calls that were under way are refused together.
    if (until <= this.pace.pausedUntil + 100) return;
    this.pauseHere(until);
    void this.quietly(() => this.ask(() => this.options.store.pause(this.options.name, ms)));
  }

  private pauseHere(until: number): void {
    this.pace.pausedUntil = until;
    this.unlimitedUntil = 0;
    this.held.drop();
  }

  /**
   * What the store says, within a second. What was given up still has its connection, of which everybody has the same few, so nothing more is asked until that has
   * ended.
   */
  private async ask<Value>(question: () => Promise<Value>): Promise<Value> {
    if (this.givenUp > 0) throw new Error('what was asked before has not been answered yet');
    const answer = question();
    return await within(STORE_TIMEOUT_MS, answer, () => {
      this.givenUp += 1;
      const answered = () => void (this.givenUp -= 1);
      answer.then(answered, answered);
      throw new Error(`no answer within ${STORE_TIMEOUT_MS} ms`);
    });
  }

  private async quietly(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.options.onStoreTrouble?.(error);
    }
  }
}
