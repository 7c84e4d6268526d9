import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { HeadwayError, messageOf } from '../../../contracts/errors';
import type { Earlier } from '../measurement';

const schema = z.object({
  ...{ date: z.string(), machine: z.string() },
  parts: z.record(z.string(), z.object({ figures: z.unknown().optional() })),
});

/**
 * The parts of some runs, as if they had been one: of those that several have measured, the one of the first.
 *
 * @throws HeadwayError HW_CONFIG_INVALID for a file that cannot be read, or is none that this bench has written; for runs on different machines
 */
export async function readEarlier(paths: string[]): Promise<Earlier> {
  const runs = await Promise.all(paths.map(readOne));
  const [first] = runs;
  const other = runs.findIndex(({ machine }) => machine !== first?.machine);
  if (!first || other >= 0) {
    throw invalid(
      `${paths[other]} was measured on ${runs[other]?.machine}, ${paths[0]} on ${first?.machine}`,
    );
  }
  return {
    ...first,
    parts: Object.assign({}, ...runs.map(({ parts }) => parts).reverse()) as Earlier['parts'],
  };
}

async function readOne(path: string): Promise<Earlier> {
  try {
    return schema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    const why = error instanceof z.ZodError ? 'it is not the JSON file of a run' : messageOf(error);
    throw invalid(`${path}: ${why}`, error);
  }
}

function invalid(message: string, cause?: unknown): HeadwayError {
  return new HeadwayError('HW_CONFIG_INVALID', `--from: ${message}`, { cause });
}
