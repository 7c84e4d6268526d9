import type { HeadwayProcess } from './headway-process';

/**
 * Runs the parts of a program, and none of them alone: when one fails or ends, whether at its start or later, the others are stopped in order.
 * Resolves when all have ended. Stopping any one of them stops all.
 *
 * @throws the first error of a part, after all have ended
 */
export async function runTogether(parts: readonly HeadwayProcess[]): Promise<void> {
  const errors: unknown[] = [];
  await Promise.all(parts.map(runOne));
  if (errors.length > 0) throw errors[0];

  async function runOne(part: HeadwayProcess): Promise<void> {
    try {
      await part.run();
    } catch (error) {
      errors.push(error);
    }
    await Promise.all(parts.map((other) => other.stop()));
  }
}
