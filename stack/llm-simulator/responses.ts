import { randomBytes } from 'node:crypto';
import type { Outcome } from './answer';
import type { Call } from './call';
import { DueQueue } from './due-queue';

export type EndStatus = 'completed' | 'incomplete' | 'failed' | 'cancelled' | 'aborted';

export interface StoredResponse {
  id: string;
  call: Call;
  /** Which call of its job this is: 1 for the first. */
  nth: number;
  createdAtMs: number;
  /** When it ends, or ended. */
  endsAtMs: number;
  outcome: Outcome;
  /** Undefined while it is in flight. */
  ended?: EndStatus;
  polls: number;
  /** Somebody asked and saw that it has ended. */
  seen?: boolean;
  idempotencyKey?: string;
}

interface Limits {
  retainMs: number;
  retainMax: number;
}

/**
 * The life of all responses. There is no timer: what ended by now is settled when somebody asks, so thousands of
 * background calls cost nothing while they wait. Times are in milliseconds of the clock the caller passes in.
 */
export class Responses {
  private byId = new Map<string, StoredResponse>();
  private byIdempotencyKey = new Map<string, StoredResponse>();
  private running = new DueQueue<StoredResponse>();
  private finished: StoredResponse[] = [];
  private forgotten = 0;

  /** @param onEnd called once for every response that ends, however it ends */
  constructor(
    private readonly limits: Limits,
    private readonly onEnd: (response: StoredResponse, status: EndStatus) => void,
  ) {}

  start(
    call: Call,
    life: Pick<StoredResponse, 'nth' | 'createdAtMs' | 'endsAtMs' | 'outcome' | 'idempotencyKey'>,
  ) {
    // Random, not seeded: an id from before a restart must not name another job's response.
    const response: StoredResponse = {
      id: `resp_${randomBytes(24).toString('hex')}`,
      call,
      polls: 0,
      ...life,
    };
    this.byId.set(response.id, response);
    if (life.idempotencyKey) this.byIdempotencyKey.set(life.idempotencyKey, response);
    this.running.push(response.endsAtMs, response);
    return response;
  }

  /** Ends every response that is due and forgets those kept long enough. */
  settle(nowMs: number): void {
    for (let due = this.running.popDue(nowMs); due; due = this.running.popDue(nowMs)) {
      const { kind } = due.outcome;
      this.end(due, kind === 'failed' || kind === 'incomplete' ? kind : 'completed', due.endsAtMs);
    }
    this.forgetOld(nowMs);
  }

  /** Ends a response, whatever it was meant to become; does nothing to one that has ended or was forgotten. */
  end(response: StoredResponse, status: EndStatus, nowMs: number): void {
    if (response.ended || this.byId.get(response.id) !== response) return;
    response.ended = status;
    response.endsAtMs = nowMs;
    // Whoever was cut off and asks again gets a new call, not the ruins of the old one.
    if (status === 'aborted') this.releaseKey(response);
    this.onEnd(response, status);
    this.finished.push(response);
  }

  find(id: string): StoredResponse | undefined {
    return this.byId.get(id);
  }

  findByIdempotencyKey(key: string): StoredResponse | undefined {
    return this.byIdempotencyKey.get(key);
  }

  remove(response: StoredResponse): void {
    this.byId.delete(response.id);
    this.releaseKey(response);
  }

  clear(): void {
    this.byId = new Map();
    this.byIdempotencyKey = new Map();
    this.running = new DueQueue();
    this.finished = [];
    this.forgotten = 0;
  }

  private forgetOld(nowMs: number): void {
    const { finished, limits } = this;
    while (this.forgotten < finished.length) {
      const oldest = finished[this.forgotten]!;
      const tooMany = finished.length - this.forgotten > limits.retainMax;
      if (!tooMany && oldest.endsAtMs + limits.retainMs > nowMs) break;
      this.remove(oldest);
      this.forgotten++;
    }
    if (this.forgotten > 1_000 && this.forgotten * 2 > finished.length) {
      this.finished = finished.slice(this.forgotten);
      this.forgotten = 0;
    }
  }

  private releaseKey({ idempotencyKey }: StoredResponse): void {
    if (idempotencyKey) this.byIdempotencyKey.delete(idempotencyKey);
  }
}
