import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeptProcess } from '../keep-running';
import type { World } from '../world';

/** How often these processes have logged something. */
export async function timesSaid(
  world: World,
  processes: readonly KeptProcess[],
  pattern: RegExp,
): Promise<number> {
  const logs = await Promise.all(
    processes.map(({ name }) =>
      readFile(join(world.options.folder, 'logs', `${name}.log`), 'utf8').catch(() => ''),
    ),
  );
  return logs.reduce((sum, log) => sum + (log.match(pattern)?.length ?? 0), 0);
}
