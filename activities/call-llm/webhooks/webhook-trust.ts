/** So much does each end say, of what is known by then. */
const WEIGHT = 0.25;
/** Four ends in a row that a webhook told are enough, and two that it did not tell are too many. */
const ENOUGH = 0.6;
/** What was seen longer ago says nothing of today. */
const HOLDS_MS = 10 * 60_000;

/** Whether webhooks tell the ends of calls, by whether they told those of the last ones. */
export class WebhookTrust {
  private share = 0;
  private toldAt = -Infinity;

  get trusted(): boolean {
    return this.share > ENOUGH && Date.now() - this.toldAt < HOLDS_MS;
  }

  /** A call has ended; `told`: a webhook said so, soon. */
  seeEnd(told: boolean): void {
    this.share += ((told ? 1 : 0) - this.share) * WEIGHT;
    if (told) this.toldAt = Date.now();
  }
}
