import { sleep } from '@temporalio/workflow';

const FIRST_WAIT_MS = 5_000;
const LONGEST_WAIT_MS = 600_000;

/**
 * Publishes results, and those that their topic does not take again, until it does. What a job ends in is decided before it is
 * published for the first time: a try whose answer was lost may have been written, and anything else in its place would be a second result.
 *
 * @param publish returns those that were not taken: they are too large for the topic, or Kafka takes none for their partition
 */
export async function untilTaken<Result>(
  results: Result[],
  publish: (results: Result[]) => Promise<Result[]>,
): Promise<void> {
  let left = await publish(results);
  for (let waitMs = FIRST_WAIT_MS; left.length > 0; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
    await sleep(waitMs, { summary: `the results topic does not take ${left.length} at present` });
    left = await publish(left);
  }
}
