import { HeadwayError } from '../contracts/errors';
import { framesOf } from '../pipelines/stack-frames';
import { explain } from '../runtime/run-main';

const FRAMES_MAX = 3;

/**
 * What is said of an error that ends a worker and was thrown where nobody waits for it, such as in a timer: most likely by the code of a pipeline, so its
 * message, which may quote a job, is left out. Headway's own errors and those of the system quote none.
 */
export function explainUncaught(name: string, error: unknown): string {
  if (error instanceof HeadwayError || (error as NodeJS.ErrnoException | undefined)?.syscall)
    return explain(name, error);
  const what = error instanceof Error ? error.name : typeof error;
  const frames = framesOf(error).slice(0, FRAMES_MAX);
  const where = frames.map(({ text }) => ` ${text}`).join(',') || ' in a place that is not known';
  return `${name} failed: ${what}${where}. It was thrown where nobody waits for it, most likely in the code of a pipeline; its message may quote a job and is left out.`;
}
