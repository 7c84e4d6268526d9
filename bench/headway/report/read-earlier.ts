import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { HeadwayError, messageOf } from '../../../contracts/errors';
import type { Earlier } from '../measurement';

const schema = z.object({
  ...{ date: z.string(), machine: z.string() },
  parts: z.record(z.string(), z.object({ figures: z.unknown().optional() })),
});

/** @throws HeadwayError HW_CONFIG_INVALID for a file that cannot be read, or is none that this bench has written */
export async function readEarlier(path: string): Promise<Earlier> {
  try {
    return schema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    const why = error instanceof z.ZodError ? 'it is not the JSON file of a run' : messageOf(error);
    throw new HeadwayError('HW_CONFIG_INVALID', `--from: ${path}: ${why}`, { cause: error });
  }
}
