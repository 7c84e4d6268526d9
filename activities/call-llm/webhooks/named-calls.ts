import { messageOf } from '../../../contracts/errors';
import type { Logger } from '../../../runtime/logger';
import { createSeldom } from '../../../runtime/seldom';
import { UnseenNumbers } from './unseen-numbers';
import type { NamedCall, WebhookStore } from './webhook-store';

export interface NamedCallsOptions {
  store: WebhookStore;
  logger?: Pick<Logger, 'warn'>;
  /** Milliseconds between two questions while webhooks come. */
  everyMs?: number;
}

/** Told of what is read. */
export interface NamedCallsListener {
  /** Whether calls wait. While none does, nothing is read. */
  isNeeded(): boolean;
  onNamed(callId: string): void;
  /** From now on, all that comes is told; or it is no longer. */
  onChange(): void;
  /** What there was to read has been told. */
  onRead(): void;
}

const EVERY_MS = 1_000;
/** While no webhook has come for long, most likely there are none. */
const EVERY_MS_WITHOUT = 10_000;
const LONG_MS = 15 * 60_000;
const AFTER_TROUBLE_MS = 5_000;
/** A worker that has just ended a pack soon has the next. */
const LINGER_MS = 30_000;
const TELL_EVERY_MS = 60_000;

/** How far back it is read in the beginning. */
const LOOK_BACK_MS = 60_000;
/** Of clocks, between the machines of the workers. */
const SKEW_MS = 5_000;
const BATCH = 10_000;
/** About 6 MB. At 5,000 webhooks a second it is what came in 10 s. */
const REMEMBERED = 50_000;

/**
 * Which calls have ended according to webhooks: one question to the database a second for all calls of this process that wait, and none
 * while none waits. It is a hint to look, and no proof: rows may come late, twice, for calls that nobody knows, or never.
 */
export class NamedCalls {
  private readonly remembered = new Map<string, number>();
  private numbers: UnseenNumbers | undefined;
  private since = Infinity;
  private newestAt = -Infinity;
  private neededAt = 0;
  private readonly listeners: NamedCallsListener[] = [];
  private timer?: NodeJS.Timeout;
  private reading?: Promise<void>;
  private closed = false;
  private readonly seldom = createSeldom(TELL_EVERY_MS);

  constructor(private readonly options: NamedCallsOptions) {}

  listen(listener: NamedCallsListener): void {
    this.listeners.push(listener);
  }

  has(callId: string): boolean {
    return this.remembered.has(callId);
  }

  /** Whether a webhook that came for a call of this age would be known here: a call that was running at `at`, milliseconds of the epoch. */
  covers(at: number): boolean {
    return this.since <= at;
  }

  /** A call begins to wait. */
  need(): void {
    this.neededAt = Date.now();
    if (!this.closed && !this.timer && !this.reading) this.readNow();
  }

  /** Reads nothing any more, and covers no call. */
  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    this.timer = undefined;
    await this.reading;
    this.since = Infinity;
  }

  private readNow(): void {
    this.timer = undefined;
    this.reading = this.read().then((afterMs) => {
      this.reading = undefined;
      if (this.closed) return;
      const now = Date.now();
      if (this.listeners.some((one) => one.isNeeded())) this.neededAt = now;
      if (now - this.neededAt > LINGER_MS) return this.forget();
      this.timer = setTimeout(() => this.readNow(), afterMs);
      this.timer.unref();
    });
  }

  /** Returns the milliseconds until it should be read again. */
  private async read(): Promise<number> {
    try {
      const numbers = this.numbers ?? new UnseenNumbers();
      const batch = this.numbers ? await this.readOn(numbers) : await this.begin(numbers);
      for (const listener of this.listeners) {
        for (const { callId } of batch) listener.onNamed(callId);
        listener.onRead();
      }
      if (batch.length >= BATCH) return 0;
    } catch (error) {
      this.loseTrack(error);
      return AFTER_TROUBLE_MS;
    }
    const { everyMs = EVERY_MS } = this.options;
    return Date.now() - this.newestAt < LONG_MS ? everyMs : EVERY_MS_WITHOUT;
  }

  private async begin(numbers: UnseenNumbers): Promise<NamedCall[]> {
    const now = Date.now();
    const batch = await this.options.store.newest(LOOK_BACK_MS, BATCH);
    this.take(batch, numbers, now);
    this.numbers = numbers;
    const lookedBackMs = batch.length < BATCH ? LOOK_BACK_MS : batch[0]!.ageMs;
    this.since = now - lookedBackMs + SKEW_MS;
    this.tellChange();
    return batch;
  }

  private async readOn(numbers: UnseenNumbers): Promise<NamedCall[]> {
    const now = Date.now();
    const batch = await this.options.store.after(numbers.last, numbers.missing(now), BATCH);
    this.take(batch, numbers, now);
    return batch;
  }

  private take(batch: NamedCall[], numbers: UnseenNumbers, now: number): void {
    for (const { callId, sequence, ageMs } of batch) {
      numbers.see(sequence, now);
      this.remembered.set(callId, now);
      this.newestAt = Math.max(this.newestAt, now - ageMs);
    }
    for (const [callId, at] of this.remembered) {
      if (this.remembered.size <= REMEMBERED) break;
      this.remembered.delete(callId);
      this.since = Math.max(this.since, at + SKEW_MS);
    }
  }

  private loseTrack(error: unknown): void {
    const cameLately = this.newestAt > Date.now() - LONG_MS;
    this.forget();
    // Without webhooks there is nothing to miss, not even the table.
    if (!cameLately) return;
    this.seldom('read', (times) =>
      this.options.logger?.warn(
        { reason: messageOf(error), times },
        'webhooks of the LLM provider (headway_llm_webhooks in PostgreSQL) cannot be read; calls are polled as if there were none',
      ),
    );
  }

  /** What came in between would be missed, so the next time begins anew. */
  private forget(): void {
    this.numbers = undefined;
    this.since = Infinity;
    this.tellChange();
  }

  private tellChange(): void {
    for (const listener of this.listeners) listener.onChange();
  }
}
