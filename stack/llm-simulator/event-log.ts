import type { EndStatus } from './responses';

export interface CallEvent {
  job: string;
  /** Which call of its job: 1 for the first, the refused ones counted. */
  call: number;
  /** `accepted` when it begins, otherwise how it ended. */
  what: 'accepted' | EndStatus;
  /** Milliseconds of the Unix epoch. Not in order: an end is noticed when somebody asks. */
  at: number;
}

/** The beginnings and ends of the last calls, for a reader that comes back with where it was. */
export class EventLog {
  private events: CallEvent[] = [];
  /** The number of the first event that is kept. */
  private first = 0;

  /** @param limit how many are kept at most; 0 keeps none */
  constructor(private readonly limit: number) {}

  add(event: CallEvent): void {
    if (this.limit === 0) return;
    this.events.push(event);
    // In pieces: to move the rest for every event would cost more than the event.
    if (this.events.length >= 1.25 * this.limit + 1) this.drop(this.events.length - this.limit);
  }

  /** The events from number `cursor` on, the number to ask with next time, and how many of them are gone already. */
  since(cursor: number): { events: CallEvent[]; next: number; dropped: number } {
    const from = Math.max(cursor, this.first);
    const events = this.events.slice(from - this.first);
    return { events, next: this.first + this.events.length, dropped: from - cursor };
  }

  /** Numbers go on, so that no reader takes new events for old ones. */
  reset(): void {
    this.drop(this.events.length);
  }

  private drop(count: number): void {
    this.events = this.events.slice(count);
    this.first += count;
  }
}
