import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { historyFromJSON, type History as HistoryShape } from '@temporalio/common/lib/proto-utils';
import { temporal } from '@temporalio/proto';
import { HeadwayError, messageOf } from '../../contracts/errors';
import type { NamedHistory } from './replay-histories';

const { History } = temporal.api.history.v1;

/**
 * Histories in files: as Temporal UI downloads them, `temporal workflow show --output json` prints them, or `headway replay --save` writes
 * them. Of a folder every `.json` file. Named after their files.
 *
 * @throws HeadwayError naming the file: `HW_FILE_UNREADABLE` when it is missing, `HW_CONFIG_INVALID` when it holds no history
 */
export function readHistoryFiles(paths: readonly string[]): NamedHistory[] {
  return paths.flatMap(filesOf).map((file) => ({
    name: basename(file, '.json'),
    history: readHistoryFile(file),
  }));
}

function filesOf(path: string): string[] {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) throw new HeadwayError('HW_FILE_UNREADABLE', `${path} does not exist.`);
  if (!stats.isDirectory()) return [path];
  const files = readdirSync(path).filter((file) => file.endsWith('.json'));
  if (files.length > 0) return files.sort().map((file) => join(path, file));
  throw new HeadwayError('HW_CONFIG_INVALID', `${path} has no history in it: no file that ends with .json.`);
}

function readHistoryFile(file: string): HistoryShape {
  try {
    const plain = JSON.parse(readFileSync(file, 'utf8')) as { events?: { eventTime?: unknown }[] };
    const [first] = plain.events ?? [];
    if (!first) throw new Error('it has no events');
    // The JSON of other Temporal tools has times as text, that of protobufjs as seconds and nanoseconds.
    return typeof first.eventTime === 'string' ? historyFromJSON(plain) : History.fromObject(plain);
  } catch (error) {
    throw new HeadwayError('HW_CONFIG_INVALID', `${file} is no history of a workflow: ${messageOf(error)}.`, {
      cause: error,
    });
  }
}
