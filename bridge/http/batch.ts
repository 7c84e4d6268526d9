import type { BatchVerdict } from '../../contracts/problem';
import type { SubmittedJob } from '../jobs/jobs';
import type { Line } from './lines';
import type { Share } from './memory';
import { statusOf } from './job-answers';
import { answerTo } from './problems';
import { jobTooLarge } from './too-large';

export interface BatchOptions {
  /** Lines under way at a time, in this batch. */
  concurrency: number;
  /** Bytes of the lines under way; a single line may have more. */
  windowBytes: number;
  /** Where the lines have theirs from. */
  memory: Pick<Share, 'giveBack'>;
  lineMaxBytes: number;
  submit: (line: Buffer, number: number) => Promise<SubmittedJob>;
  /** Told what a verdict hides from the sender: a defect. */
  onDefect: (error: unknown) => void;
  /** No further line is begun. */
  signal: AbortSignal;
}

/**
 * One verdict for each line, in order, as each is known. Reads on only while few lines are under way and their verdicts are taken, so memory
 * is bounded however long the batch is. A line that has its verdict, or is not begun, gives its memory back.
 *
 * @throws whatever reading the lines throws
 */
export async function* batchVerdicts(
  lines: AsyncIterator<Line>,
  options: BatchOptions,
): AsyncGenerator<BatchVerdict> {
  const { concurrency, windowBytes, memory, signal } = options;
  const underWay: { bytes: number; verdict?: BatchVerdict }[] = [];
  let bytes = 0;
  let arrived: IteratorResult<Line, unknown> | undefined;
  let failure: { error: unknown } | undefined;
  let reading = false;
  let over = false;
  let wake = (): void => undefined;

  const read = (): void => {
    reading = true;
    const settle = (): void => {
      reading = false;
      wake();
    };
    lines.next().then(
      (result) => {
        arrived = result;
        if (over) letGo();
        settle();
      },
      (error: unknown) => {
        failure = { error };
        settle();
      },
    );
  };
  const begin = (line: Line): void => {
    const entry: (typeof underWay)[number] = { bytes: line.bytes?.length ?? 0 };
    underWay.push(entry);
    bytes += entry.bytes;
    void judge(line, options).then((verdict) => {
      memory.giveBack(entry.bytes);
      entry.verdict = verdict;
      wake();
    });
  };
  const letGo = (): void => {
    if (arrived && !arrived.done) memory.giveBack(arrived.value.bytes?.length ?? 0);
    arrived = undefined;
  };

  const onAbort = (): void => wake();
  signal.addEventListener('abort', onAbort);
  try {
    for (;;) {
      const changed = new Promise<void>((resolve) => (wake = resolve));
      const ended = signal.aborted || arrived?.done === true;
      if (failure) throw failure.error;
      if (underWay[0]?.verdict) {
        bytes -= underWay[0].bytes;
        yield underWay.shift()?.verdict as BatchVerdict;
      } else if (ended && underWay.length === 0) {
        return;
      } else if (ended || underWay.length >= concurrency || bytes >= windowBytes) {
        await changed;
      } else if (arrived) {
        begin((arrived as IteratorYieldResult<Line>).value);
        arrived = undefined;
      } else {
        if (!reading) read();
        await changed;
      }
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    over = true;
    letGo();
  }
}

async function judge(
  { number, bytes }: Line,
  { submit, lineMaxBytes, onDefect }: BatchOptions,
): Promise<BatchVerdict> {
  try {
    if (!bytes) {
      throw jobTooLarge('line', lineMaxBytes);
    }
    const { view } = await submit(bytes, number);
    return { line: number, status: statusOf(view), job: view };
  } catch (error) {
    const { problem } = answerTo(error);
    if (problem.code === 'HW_INTERNAL') onDefect(error);
    return { line: number, status: problem.status, problem };
  }
}
