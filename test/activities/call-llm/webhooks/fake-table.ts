import type { NamedCall, WebhookStore } from '../../../../activities/call-llm/webhooks/webhook-store';

/** The table of webhooks in memory, by the clock of the test. */
export class FakeTable implements WebhookStore {
  reads = 0;
  /** Thrown by every read. */
  trouble: Error | undefined;
  private rows: { callId: string; sequence: number; at: number }[] = [];
  private next = 1;

  /** Takes a number and does not write yet. Returns what writes. */
  begin(callId: string): () => void {
    const row = { callId, sequence: this.next++, at: Date.now() };
    return () => {
      this.rows.push(row);
      if (row.sequence < this.next - 1) this.rows.sort((a, b) => a.sequence - b.sequence);
    };
  }

  write(callId: string): void {
    this.begin(callId)();
  }

  newest(maxAgeMs: number, limit: number): Promise<NamedCall[]> {
    const newest = this.rows.slice(-limit);
    return this.answer(newest.filter(({ at }, n) => Date.now() - at <= maxAgeMs || n === newest.length - 1));
  }

  after(sequence: number, missing: number[], limit: number): Promise<NamedCall[]> {
    const rows = this.rows.filter((row) => row.sequence > sequence || missing.includes(row.sequence));
    return this.answer(rows.slice(0, limit));
  }

  private answer(rows: typeof this.rows): Promise<NamedCall[]> {
    this.reads++;
    if (this.trouble) return Promise.reject(this.trouble);
    return Promise.resolve(rows.map(({ at, ...row }) => ({ ...row, ageMs: Date.now() - at })));
  }
}
