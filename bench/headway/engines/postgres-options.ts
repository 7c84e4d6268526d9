import { HeadwayError } from '../../../contracts/errors';
import { createProgressPrinter } from '../../../stack/progress-printer';
import type { StartEngine } from './engine';
import { startPostgresEngine, type PostgresEngineOptions } from './postgres';

/**
 * The engine of `--engine postgres`: shows how its start goes on.
 * @throws HeadwayError HW_CONFIG_INVALID, and what `startPostgresEngine` throws
 */
export const startPostgresFromBench: StartEngine = async (context) => {
  const options = readPostgresOptions(process.env);
  const printer = createProgressPrinter(process.stderr);
  return startPostgresEngine({
    ...context,
    ...options,
    onProgress: printer.onProgress,
  }).finally(() => printer.close());
};

/**
 * BENCH_HISTORY_SHARDS, and BENCH_SYNCHRONOUS_COMMIT: `on` or `off`.
 * Throws HW_CONFIG_INVALID with one sentence that names the variable.
 */
export function readPostgresOptions(
  env: NodeJS.ProcessEnv,
): Pick<PostgresEngineOptions, 'historyShards' | 'synchronousCommit'> {
  const shards = env.BENCH_HISTORY_SHARDS || undefined;
  const commit = env.BENCH_SYNCHRONOUS_COMMIT || undefined;
  if (shards !== undefined && !/^[1-9]\d{0,4}$/.test(shards)) {
    throw invalid(`BENCH_HISTORY_SHARDS must be a whole number from 1 to 99999, not '${shards}'.`);
  }
  if (commit !== undefined && commit !== 'on' && commit !== 'off') {
    throw invalid(`BENCH_SYNCHRONOUS_COMMIT must be on or off, not '${commit}'.`);
  }
  return {
    historyShards: shards === undefined ? undefined : Number(shards),
    synchronousCommit: commit === undefined ? undefined : commit === 'on',
  };
}

function invalid(sentence: string): HeadwayError {
  return new HeadwayError('HW_CONFIG_INVALID', sentence);
}
