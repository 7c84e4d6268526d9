import { HeadwayError } from '../contracts/errors';
import { isPermanent, isUnavailable } from '../contracts/stage-errors';
import { framesOf } from '../pipelines/stack-frames';
import type { Logger } from '../runtime/logger';
import { createSeldom } from '../runtime/seldom';

const TELL_EVERY_MS = 60_000;
const FRAMES_MAX = 5;

/** Told of what the code of a pipeline threw. */
export type TellThrown = (
  error: unknown,
  where: { pipeline: string; stage: 'enrich' | 'prompt' | 'postProcess' },
) => void;

/**
 * Tells where in the code of a pipeline an error was thrown that nobody threw on purpose: the first frames of its stack outside of Node.js, and
 * not its message, which may quote a job and stands in the job's result. Once a minute for each pipeline, stage and first frame, with how often it
 * happened.
 */
export function createThrownTeller(logger?: Pick<Logger, 'warn'>, now?: () => number): TellThrown {
  const seldom = createSeldom(TELL_EVERY_MS, now);
  return (error, { pipeline, stage }) => {
    if (isPermanent(error) || isUnavailable(error) || error instanceof HeadwayError) return;
    const frames = framesOf(error).slice(0, FRAMES_MAX);
    const [first] = frames;
    if (!first) return;
    const key = JSON.stringify([pipeline, stage, first.text]);
    seldom(key, (times) =>
      logger?.warn(
        { pipeline, stage, error: (error as Error).name, frames: frames.map(({ text }) => text), times },
        'the code of a pipeline threw an error',
      ),
    );
  };
}
