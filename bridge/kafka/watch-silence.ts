import type { Consumer } from 'kafkajs';

/** More than kafkajs waits for one answer, and far more than lies between two heartbeats. Milliseconds. */
const SILENCE_MS = 45_000;
/** A join may wait for all members of the group to come, which have 60 s. */
const JOIN_SILENCE_MS = 120_000;
const CHECK_MS = 5_000;

/**
 * Tells when a consumer that has joined its group stands still without a word.
 *
 * kafkajs can lose a request: the handlers of a connection that has ended also close the one made in its place, and whatever was just asked
 * there is neither answered, nor refused, nor timed out (`network/connection.js` of 2.2.4: `disconnect` ends `this.socket`, whichever that is
 * by then, and stops the check for timeouts). A heartbeat that is lost like this ends all reading, a fetch that of one broker's partitions.
 * A broker that is gone for longer looks the same, and costs one needless join.
 *
 * @param onSilence is called once
 * @returns ends the watch
 */
export function watchSilence(consumer: Pick<Consumer, 'on'>, onSilence: (what: string) => void): () => void {
  /** Since when each broker has been asked for records. */
  const fetches = new Map<number, number>();
  let heardAt: number | undefined;
  let joining = false;
  const heard = () => (heardAt = Date.now());

  consumer.on('consumer.group_join', () => {
    joining = false;
    fetches.clear();
    heard();
  });
  consumer.on('consumer.rebalancing', () => {
    joining = true;
    fetches.clear();
    heard();
  });
  consumer.on('consumer.heartbeat', heard);
  consumer.on('consumer.fetch_start', ({ payload }) => fetches.set(payload.nodeId, Date.now()));
  consumer.on('consumer.fetch', ({ payload }) => fetches.delete(payload.nodeId));

  const timer = setInterval(() => {
    // Before it has joined, whoever starts it sees what becomes of it.
    if (heardAt === undefined) return;
    const now = Date.now();
    const asked = Math.min(now, ...fetches.values());
    if (now - heardAt > (joining ? JOIN_SILENCE_MS : SILENCE_MS))
      tell(joining ? 'joining the group' : 'a heartbeat');
    else if (now - asked > SILENCE_MS) tell('a fetch');
  }, CHECK_MS);
  timer.unref();
  return () => clearInterval(timer);

  function tell(what: string): void {
    clearInterval(timer);
    onSilence(what);
  }
}
