import { framesOf } from '../pipelines/stack-frames';
import type { Logger } from '../runtime/logger';
import { createSeldom } from '../runtime/seldom';
import { ShuttingDown } from '../runtime/shutdown';

const TELL_EVERY_MS = 60_000;
const FRAMES_MAX = 5;

/**
 * From here on a rejection that nobody handles does not end this process, which runs code of pipelines: the job behind it would be given to the next worker, and end
 * that one too. Each is an error in the log, without its message, which may quote a job; once a minute for each place.
 */
export function surviveRejections(logger: Pick<Logger, 'error'>): void {
  const seldom = createSeldom(TELL_EVERY_MS);
  process.on('unhandledRejection', (error) => {
    if (error instanceof ShuttingDown) return;
    const frames = framesOf(error)
      .slice(0, FRAMES_MAX)
      .map(({ text }) => text);
    const name = error instanceof Error ? error.name : typeof error;
    seldom(JSON.stringify([name, frames[0]]), (times) =>
      logger.error(
        { error: name, frames, times },
        'a promise was rejected that nobody waited for, most likely in the code of a pipeline',
      ),
    );
  });
}
