import { randomBytes } from 'node:crypto';
import { webhookSignature } from '../../runtime/webhook-signature';
import { writeAnswer } from './answer';
import type { Log } from './log';
import type { SimulatorOptions } from './options';
import type { EndStatus, StoredResponse } from './responses';

export interface WebhookCounts {
  /** Ends of background calls that were to be told. */
  due: number;
  /** Requests, repeated ones included. */
  sent: number;
  /** Told: answered with 2xx. */
  delivered: number;
  /** Never told. */
  givenUp: number;
}

/** As many under way at a time as a provider's worker may have. */
const CONCURRENCY = 64;
const TIMEOUT_MS = 5_000;
/** The real API goes on for three days, with ever longer pauses. */
const PAUSES_MS = [1_000, 2_000, 4_000, 8_000, 16_000];

/** Sends a webhook for each background call that ends, signed and repeated as the real API does. */
export class Webhooks {
  private counts = none();
  private waiting: { body: string; id: string; attempt: number }[] = [];
  private readonly retries = new Set<NodeJS.Timeout>();
  private underWay = 0;
  private stopped = new AbortController();

  /** @param to undefined: none are sent */
  constructor(
    private readonly to: { url: string; secret: string } | undefined,
    private readonly options: Pick<SimulatorOptions, 'seed'>,
    private readonly log: Log,
    private readonly isAway: () => boolean,
  ) {}

  get enabled(): boolean {
    return this.to !== undefined;
  }

  readCounts(): WebhookCounts {
    return this.counts;
  }

  /** The call has ended. */
  tell(response: StoredResponse, status: EndStatus): void {
    if (!this.to || !response.call.background || status === 'aborted') return;
    this.counts.due++;
    const body = JSON.stringify({
      id: `evt_${randomBytes(16).toString('hex')}`,
      object: 'event',
      created_at: Math.floor(response.endsAtMs / 1_000),
      type: `response.${this.statusOf(response, status)}`,
      data: { id: response.id },
    });
    this.waiting.push({ body, id: `wh_${randomBytes(16).toString('hex')}`, attempt: 0 });
    this.sendNext();
  }

  /** Forgets what has not been told. */
  reset(): void {
    this.stop();
    this.stopped = new AbortController();
    this.counts = none();
  }

  stop(): void {
    this.stopped.abort();
    for (const timer of this.retries) clearTimeout(timer);
    this.retries.clear();
    this.waiting = [];
  }

  /** An answer that `max_output_tokens` cuts off is only known from the answer. */
  private statusOf({ call, nth, outcome }: StoredResponse, status: EndStatus): EndStatus {
    if (status !== 'completed') return status;
    return writeAnswer(call, nth, outcome, this.options.seed).incompleteReason ? 'incomplete' : status;
  }

  private sendNext(): void {
    while (this.underWay < CONCURRENCY) {
      const next = this.waiting.shift();
      if (!next) return;
      this.underWay++;
      const { signal } = this.stopped;
      void this.send(next, signal).then((delivered) => {
        this.underWay--;
        if (signal.aborted) return;
        if (delivered) this.counts.delivered++;
        else this.sendLater(next);
        this.sendNext();
      });
    }
  }

  private sendLater(one: { body: string; id: string; attempt: number }): void {
    const pause = PAUSES_MS[one.attempt];
    if (pause === undefined) {
      this.counts.givenUp++;
      return this.log.event(`gives up the webhook ${one.id}`);
    }
    const timer = setTimeout(() => {
      this.retries.delete(timer);
      this.waiting.push({ ...one, attempt: one.attempt + 1 });
      this.sendNext();
    }, pause);
    this.retries.add(timer.unref());
  }

  private async send({ body, id }: { body: string; id: string }, stopped: AbortSignal): Promise<boolean> {
    if (this.isAway()) return false;
    const { url, secret } = this.to!;
    this.counts.sent++;
    const timestamp = String(Math.floor(Date.now() / 1_000));
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'user-agent': 'headway-simulator',
          'webhook-id': id,
          'webhook-timestamp': timestamp,
          'webhook-signature': webhookSignature(secret, { id, timestamp, body }),
        },
        body,
        signal: AbortSignal.any([stopped, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      await response.arrayBuffer();
      if (!response.ok) this.log.event(`has its webhook ${id} refused with ${response.status}`);
      return response.ok;
    } catch {
      return false;
    }
  }
}

function none(): WebhookCounts {
  return { due: 0, sent: 0, delivered: 0, givenUp: 0 };
}
