import type { TaskPriority } from '../../../contracts/task-priority';
import { within } from '../../../runtime/within';
import type { Amount, BudgetStore, Lease, Limits } from './budget-store';
import { BURST_SECONDS } from './budget-store';
import { fairShare } from './fair-share';
import { lacksMigration } from './lacks-migration';
import type { RateLimitHeaders } from './rate-limit-headers';
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
/** So many seconds of its usual demand a process leases ahead. */
const AHEAD_SECONDS = 1;
/** What nobody has used for so long is given back. */
const IDLE_MS = 2_000;
const STORE_TIMEOUT_MS = 1_000;
/** Where no limit is known, the store is asked again after so long. */
const UNLIMITED_MS = 30_000;
/** Limits are per minute: after one, there is budget again whatever the provider says. */
const PAUSE_MAX_MS = 60_000;
/** Where a provider tells no limits, so many refusals without a call between them show that one is there. */
const REFUSALS_THAT_PAUSE = 3;
/** Once one call of an activity is made the others do not keep it from being awaited any longer than this. */
const WAIT_FOR_OTHERS_MS = 2_000;
const RETURN_MIN_MS = 1_000;
/** Those sent back come again so much before their turn: one that comes late leaves budget unused, one that is early waits in line. */
const RETURN_EARLY_MS = 5_000;
const RETURN_MAX_MS = 10 * 60_000;
/** As long as calls have patience. */
const LINE_MAX_MS = 10_000;

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
  private held: Amount = { requests: 0, tokens: 0 };
  private limits: Limits = {};
  private share = 1;
  private processes = 1;
  private unlimitedUntil = 0;
  private pausedUntil = 0;
  private refusals = 0;
  private said: { limits: Limits; remaining: Limits; at: number } | undefined;
  private told: Limits = {};
  /** `told` is not in the store yet: it did not answer, or lacked the table. */
  private isUnstored = false;
  private readonly count = new TokenCount();
  private done: Tokens = { used: 0, most: 0 };
  private demand: Amount = { requests: 0, tokens: 0 };
  private arrived: Amount = { requests: 0, tokens: 0 };
  private leasedAt = Date.now();
  private readonly promised = new Map<string, number>();
  private timer: NodeJS.Timeout | undefined;
  private leasing: Promise<void> | undefined;
  private closed = false;

  constructor(private readonly options: CallBudgetOptions) {
    this.limits = options.configured;
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
    this.arrived.requests += 1;
    this.arrived.tokens += tokens;
    const now = Date.now();
    if (this.closed || now < this.unlimitedUntil) return this.taken(false, tokens, now, round);
    if (this.line.length === 0 && this.fits(tokens, now)) {
      this.spend(call, tokens);
      // Before it is used up, so that a steady stream of calls never waits for the store.
      if (this.held.requests < this.demand.requests * AHEAD_SECONDS * 0.3) this.schedule(0);
      else this.schedule(IDLE_MS);
      return this.taken(true, tokens, now, round);
    }
    if (!returned && this.waitMs(turn, tokens) > round.waitUntil - now) return this.sendBack(turn, tokens);
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
      this.schedule(
        now < this.pausedUntil ? this.pausedUntil - now : this.line.length === 1 ? 0 : INTERVAL_MS,
      );
    });
  }

  /** What a call has used that has ended, and what was estimated; of one that was not counted the same. */
  settle(estimated: number, used: number): void {
    if (Date.now() < this.unlimitedUntil) return;
    this.done.used += used;
    this.held.tokens += this.count.settled(estimated, used);
    this.schedule(IDLE_MS);
  }

  /** A call that was counted and then refused has used no tokens. It counts as a request all the same. */
  refund(call: Tokens): void {
    if (Date.now() < this.unlimitedUntil) return;
    this.done.most -= call.most;
    this.held.tokens += this.count.of(call);
    this.schedule(IDLE_MS);
  }

  /** What the provider said about its limits, in an answer to this call. */
  note(headers: RateLimitHeaders, call: Tokens): void {
    const { limits, remaining, status, tokenCapacity: capacity, sentAt: at = Date.now() } = headers;
    const tokens = this.count.of(call);
    this.options.metrics?.answered(status);
    if (limits.requests !== undefined || limits.tokens !== undefined) this.learn(limits);
    if (remaining.requests !== undefined || remaining.tokens !== undefined)
      this.said = { limits, remaining, at };
    if (capacity === undefined || remaining.tokens === undefined || limits.tokens === undefined) {
      if (status < 300) this.count.readNothing();
    } else
      this.count.read(
        { remaining: remaining.tokens, limit: limits.tokens, capacity, at },
        tokens,
        this.hasOwnTokenLimit(),
      );
    if (status !== 429) {
      if (status < 300) this.refusals = 0;
      return;
    }
    this.refusals += 1;
    const { retryAfterMs } = headers;
    if (retryAfterMs === undefined) return;
    const told = remaining.requests !== undefined || remaining.tokens !== undefined;
    const usedUp = (remaining.requests ?? 1) < 1 || (remaining.tokens ?? tokens) < tokens;
    const isLimit = told ? usedUp : this.isLimited() || this.refusals >= REFUSALS_THAT_PAUSE;
    if (isLimit) this.pause(Math.min(retryAfterMs, PAUSE_MAX_MS));
  }

  /** Gives back what is held; calls that come later are let through. */
  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    await this.leasing;
    for (const entry of this.line.remove(() => true))
      entry.settle({ kind: 'sent-back', retryAfterMs: RETURN_MIN_MS });
    const { store, name, configured } = this.options;
    const giveBack = this.held;
    this.held = { requests: 0, tokens: 0 };
    if (!this.isLimited()) return;
    const want = { requests: 0, tokens: 0 };
    await this.quietly(async () => {
      const { done } = this;
      await store.lease(name, { want, share: 0, entitled: want, giveBack, configured, done });
      await store.leave(name);
    });
  }

  private isLimited(): boolean {
    return this.limits.requests !== undefined || this.limits.tokens !== undefined;
  }

  private fits(tokens: number, now: number): boolean {
    const { requests, tokens: heldTokens } = this.held;
    // Fractions are leased too, and their sum may miss a whole by a rounding error.
    return now >= this.pausedUntil && requests >= 1 - 1e-6 && heldTokens >= tokens - 1e-6;
  }

  private spend({ most }: Tokens, tokens: number): void {
    this.held.requests -= 1;
    this.held.tokens -= tokens;
    this.done.most += most;
  }

  private taken(isCounted: boolean, tokens: number, since: number, round: Round): Taken {
    const now = Date.now();
    round.waitUntil = Math.min(round.waitUntil, now + WAIT_FOR_OTHERS_MS);
    this.options.metrics?.taken({ requests: 1, tokens });
    this.options.metrics?.waited((now - since) / 1_000);
    return { kind: 'taken', isCounted };
  }

  /** Milliseconds until a new call would have its turn, about. */
  private waitMs(turn: TaskPriority | undefined, tokens: number): number {
    const promised = (this.promised.get(turn?.fairnessKey ?? '') ?? 0) - Date.now();
    return Math.max(this.lineMs(turn, tokens), promised, this.pausedUntil - Date.now());
  }

  private lineMs(turn: TaskPriority | undefined, tokens: number): number {
    const ahead = this.line.ahead(turn);
    const aheadTokens = this.line.length === 0 ? 0 : (this.line.tokens * ahead) / this.line.length;
    return this.msFor({ requests: ahead + 1, tokens: aheadTokens + tokens });
  }

  /** Milliseconds in which this process gets so much. */
  private msFor({ requests, tokens }: Amount): number {
    const { requests: requestLimit = Infinity, tokens: tokenLimit = Infinity } = this.limits;
    // While nothing waits here its share is small, and grows with what comes back.
    const share = Math.max(this.share, 1 / this.processes);
    return (Math.max(requests / requestLimit, tokens / tokenLimit) / share) * 60_000;
  }

  /** Those that are sent back one after another are promised times one after another. */
  private sendBack(turn: TaskPriority | undefined, tokens: number): Taken {
    const now = Date.now();
    const key = turn?.fairnessKey ?? '';
    const tenants = Math.max(1, Object.keys(this.line.waiting()).length);
    const turnMs = this.msFor({ requests: 1, tokens }) * tenants;
    // Who waits longer in line is sent back as well, to come after this one.
    const lineMs = Math.min(this.lineMs(turn, tokens) + turnMs, LINE_MAX_MS);
    const next = Math.max(now + lineMs, this.pausedUntil, (this.promised.get(key) ?? 0) + turnMs);
    this.promised.set(key, next);
    this.options.metrics?.sentBack();
    const retryAfterMs = Math.round(
      Math.min(Math.max(next - now - RETURN_EARLY_MS, RETURN_MIN_MS), RETURN_MAX_MS),
    );
    return { kind: 'sent-back', retryAfterMs };
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
        else if (this.held.requests > 0 || this.held.tokens !== 0) this.schedule(IDLE_MS);
      });
    }, ms);
    this.timer.unref();
  }

  private nextMs(): number {
    const pauseMs = this.pausedUntil - Date.now();
    // Not all processes at the same moment.
    return (pauseMs > 0 ? Math.min(pauseMs, 1_000) : INTERVAL_MS) * (0.9 + Math.random() * 0.2);
  }

  private async lease(): Promise<void> {
    const { store, name, configured, onStoreTrouble } = this.options;
    this.sendBackTheImpatient();
    const now = Date.now();
    const elapsedMs = Math.max(1, now - this.leasedAt);
    this.leasedAt = now;
    this.countDemand(elapsedMs);
    this.line.recount(({ call }) => this.count.of(call));
    const isShort = this.isShortOfTokens();
    const { want, giveBack } = this.wanted();
    const { done } = this;
    this.done = { used: 0, most: 0 };
    const remaining = this.remainingNow();
    let isSent = false;
    try {
      if (this.isUnstored) await inTime(this.storeTold());
      const waiting = this.line.waiting();
      const others = await inTime(store.meet(name, waiting));
      this.share = fairShare(waiting, others);
      this.processes = others.length + 1;
      const { share } = this;
      const entitled = this.entitled(elapsedMs);
      const request = { want, share, giveBack, configured, remaining, entitled, done };
      isSent = true;
      const lease = await inTime(store.lease(name, request));
      this.use(lease);
      if (lease) this.count.learn(lease.totals, isShort, Date.now());
    } catch (error) {
      // Where nothing is limited a database that is away is nobody's trouble. One that lacks a column would let nothing ever be.
      if (this.isLimited() || lacksMigration(error)) onStoreTrouble?.(error);
      this.putBack(done, giveBack, isSent);
      this.goOnAlone(elapsedMs);
    }
    this.serve();
  }

  private use(lease: Lease | undefined): void {
    const { granted, limits, pausedMs } = lease ?? nothingKnown;
    this.limits = { ...this.options.configured, ...limits };
    if (pausedMs > 0) this.pauseHere(Date.now() + pausedMs);
    else if (!this.isLimited()) this.unlimitedUntil = Date.now() + UNLIMITED_MS;
    this.held.requests += granted.requests;
    this.held.tokens += granted.tokens;
  }

  /**
   * What the store was not told. A lease without an answer may have been carried out there all the same: then only what makes calls slower is
   * told again. Budget that is lost costs seconds of waiting, budget that is there twice is refused by the provider.
   */
  private putBack(done: Tokens, giveBack: Amount, isSent: boolean): void {
    const isPaused = Date.now() < this.pausedUntil;
    const again = (amount: number, isCertain: boolean) => (isCertain ? amount : Math.min(0, amount));
    this.done.used += again(done.used, !isSent);
    this.done.most += again(done.most, !isSent);
    // A pause meanwhile says that nothing is there.
    this.held.requests += again(giveBack.requests, !isSent && !isPaused);
    this.held.tokens += again(giveBack.tokens, !isSent && !isPaused);
  }

  /** The share that this process had before; where it never had one, all of what is configured. */
  private goOnAlone(elapsedMs: number): void {
    if (!this.isLimited()) {
      this.unlimitedUntil = Date.now() + UNLIMITED_MS;
      return;
    }
    for (const unit of ['requests', 'tokens'] as const) {
      const perMs = ((this.limits[unit] ?? 1e12) / 60_000) * this.share;
      const most = Math.max(
        perMs * BURST_SECONDS * 1_000,
        unit === 'requests' ? 1 : (this.line.first()?.tokens ?? 0),
      );
      this.held[unit] = Math.min(Math.max(most, this.held[unit]), this.held[unit] + perMs * elapsedMs);
    }
  }

  /** What the provider said is left, and what has come back since. Said once: the next answer knows better. */
  private remainingNow(): Limits | undefined {
    const { said } = this;
    this.said = undefined;
    if (!said) return undefined;
    const agedMs = Date.now() - said.at;
    const now = (unit: keyof Amount) => {
      const remaining = said.remaining[unit];
      return remaining === undefined ? undefined : remaining + ((said.limits[unit] ?? 0) / 60_000) * agedMs;
    };
    return { requests: now('requests'), tokens: now('tokens') };
  }

  private serve(): void {
    const now = Date.now();
    const unlimited = now < this.unlimitedUntil;
    for (let first = this.line.first(); first; first = this.line.first()) {
      if (!unlimited && !this.fits(first.tokens, now)) break;
      this.line.shift();
      if (!unlimited) this.spend(first.call, first.tokens);
      first.settle(this.taken(!unlimited, first.tokens, first.since, first.round));
    }
    this.options.metrics?.state({ waiting: this.line.length, limits: this.limits });
  }

  private sendBackTheImpatient(): void {
    const now = Date.now();
    for (const [key, at] of this.promised) if (at < now) this.promised.delete(key);
    for (const entry of this.line.remove((one) => Math.min(one.round.waitUntil, one.deadline) <= now)) {
      entry.settle(this.sendBack(entry.turn, entry.tokens));
    }
  }

  private countDemand(elapsedMs: number): void {
    const weight = Math.min(1, elapsedMs / 3_000);
    for (const unit of ['requests', 'tokens'] as const) {
      const perSecond = (this.arrived[unit] / elapsedMs) * 1_000;
      this.demand[unit] = this.demand[unit] * (1 - weight) + perSecond * weight;
      this.arrived[unit] = 0;
    }
  }

  /** Its share of what was refilled since its last lease. Without it, who asks for more would get more than its share. */
  private entitled(elapsedMs: number): Amount {
    const of = (limit = 0) => (limit / 60_000) * this.share * Math.min(elapsedMs, 1_000);
    return { requests: of(this.limits.requests), tokens: of(this.limits.tokens) };
  }

  /** Calls wait for tokens, and it is the provider's limit that holds them back. */
  private isShortOfTokens(): boolean {
    const first = this.line.first();
    if (!first || this.held.requests < 1 || Date.now() < this.pausedUntil) return false;
    return this.held.tokens < first.tokens && !this.hasOwnTokenLimit();
  }

  private hasOwnTokenLimit(): boolean {
    return (this.options.configured.tokens ?? Infinity) < (this.told.tokens ?? 0);
  }

  /** What is needed beyond what is held, and what is held beyond what is needed. Debts go back at once, for all to bear. */
  private wanted(): { want: Amount; giveBack: Amount } {
    const want = { requests: 0, tokens: 0 };
    const giveBack = { requests: 0, tokens: 0 };
    const waiting = { requests: this.line.length, tokens: this.line.tokens };
    for (const unit of ['requests', 'tokens'] as const) {
      const needed = waiting[unit] + this.demand[unit] * AHEAD_SECONDS;
      const surplus = this.held[unit] < 0 ? this.held[unit] : Math.max(0, this.held[unit] - needed);
      giveBack[unit] = surplus;
      this.held[unit] -= surplus;
      want[unit] = Math.max(0, needed - this.held[unit]);
    }
    return { want, giveBack };
  }

  private learn(limits: Limits): void {
    if (limits.requests === this.told.requests && limits.tokens === this.told.tokens) return;
    this.told = { ...this.told, ...limits };
    void this.quietly(() => this.storeTold()).then(() => {
      if (this.unlimitedUntil === 0) return;
      this.unlimitedUntil = 0;
      this.schedule(0);
    });
  }

  private async storeTold(): Promise<void> {
    const { told } = this;
    this.isUnstored = true;
    await this.options.store.learn(this.options.name, told);
    if (told === this.told) this.isUnstored = false;
  }

  private pause(ms: number): void {
    const until = Date.now() + ms;
    // Calls that were under way are refused together.
    if (until <= this.pausedUntil + 100) return;
    this.pauseHere(until);
    void this.quietly(() => this.options.store.pause(this.options.name, ms));
  }

  /** What was leased is not there: the provider says so. */
  private pauseHere(until: number): void {
    this.pausedUntil = until;
    this.unlimitedUntil = 0;
    this.held = { requests: 0, tokens: Math.min(0, this.held.tokens) };
  }

  private async quietly(work: () => Promise<void>): Promise<void> {
    try {
      await inTime(work());
    } catch (error) {
      this.options.onStoreTrouble?.(error);
    }
  }
}

function inTime<Value>(promise: Promise<Value>): Promise<Value> {
  return within(STORE_TIMEOUT_MS, promise, () => {
    throw new Error(`no answer within ${STORE_TIMEOUT_MS} ms`);
  });
}
