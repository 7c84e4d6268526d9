import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { HeadwayError, messageOf } from '../../../contracts/errors';
import type { Earlier } from '../measurement';

const schema = z.object({
  ...{ date: z.string(), machine: z.string() },
  versions: z.record(z.string(), z.string()),
  options: z.object({
    engine: z.enum(['embedded', 'postgres']),
    size: z.enum(['quick', 'full']),
    seed: z.number(),
  }),
  parts: z.record(z.string(), z.object({ figures: z.unknown().optional() })),
});
type Run = z.infer<typeof schema>;

/**
 * The parts of some runs, as if they had been one: of those that several have measured, the one of the first. A part that failed was not measured.
 *
 * @throws HeadwayError HW_CONFIG_INVALID for a file that cannot be read, or is none that this bench has written; for runs on different machines or
 * engines, or of different versions
 */
export async function readEarlier(paths: string[]): Promise<Earlier> {
  const runs = await Promise.all(paths.map(readOne));
  const [first] = runs as [Run, ...Run[]];
  for (const [index, run] of runs.entries()) {
    const [here, there] = [measuredOn(run), measuredOn(first)];
    if (here !== there) throw invalid(`${paths[index]} was measured on ${here}, ${paths[0]} on ${there}`);
  }
  const measured = runs.map(({ parts }) =>
    Object.fromEntries(Object.entries(parts).filter(([, { figures }]) => figures !== undefined)),
  );
  return {
    date: [...new Set(runs.map(({ date }) => date))].join(' and '),
    ...{ machine: first.machine, versions: first.versions, options: first.options },
    parts: Object.assign({}, ...measured.reverse()) as Earlier['parts'],
  };
}

function measuredOn({ machine, options, versions }: Run): string {
  const named = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [machine, `${options.engine} engine`, `size ${options.size}`, ...named].join(', ');
}

async function readOne(path: string): Promise<Run> {
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
