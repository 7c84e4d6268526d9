import { createReadStream } from 'node:fs';
import { access, constants, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { HeadwayError, messageOf } from '../../contracts/errors';
import type { CliContext } from '../context';

export interface RequestSource {
  open(): AsyncIterable<Buffer | string>;
  /** It may be read twice: all of it can be looked at before any of it is sent. */
  repeatable: boolean;
  /** For messages. */
  name: string;
}

/**
 * Where job requests come from: JSON on the command line, a file, or standard input (`-`, or nothing where that is no terminal).
 *
 * @throws HeadwayError `HW_FILE_UNREADABLE` when the file is not there or cannot be read, `HW_CONFIG_INVALID` when nothing is given
 */
export async function pickSource(
  given: string | undefined,
  { stdin, stderr }: Pick<CliContext, 'stdin' | 'stderr'>,
): Promise<RequestSource> {
  if (given === '-' || (given === undefined && !stdin.isTTY)) {
    if (stdin.isTTY) stderr.write('Reading job requests from the terminal, a line each; Ctrl-D ends.\n');
    return { open: () => stdin, repeatable: false, name: 'standard input' };
  }
  if (given === undefined) {
    throw invalid('Nothing to submit: give a job request as JSON, a file, or --pipeline and --input.');
  }
  if (/^\s*[[{]/.test(given)) return fromText(given);
  const found = await look(given);
  if (found.isDirectory()) throw unreadable(given, 'it is a folder');
  // A pipe such as that of <(command) can be read once.
  return { open: () => createReadStream(given), repeatable: found.isFile(), name: given };
}

export function fromText(text: string): RequestSource {
  return { open: () => Readable.from([Buffer.from(text)]), repeatable: true, name: 'the argument' };
}

const reasons: Record<string, string> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'a part of its path is no folder',
  EACCES: 'this user may not read it',
  ENAMETOOLONG: 'no file name is that long',
};

async function look(path: string) {
  try {
    const found = await stat(path);
    await access(path, constants.R_OK);
    return found;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    throw unreadable(path, `${reasons[code] ?? messageOf(error)} (${code})`);
  }
}

function unreadable(path: string, why: string): HeadwayError {
  const message = `The file '${path.slice(0, 200)}' cannot be read: ${why}. (A job request as JSON begins with { or [.)`;
  return new HeadwayError('HW_FILE_UNREADABLE', message);
}

function invalid(sentence: string): HeadwayError {
  return new HeadwayError('HW_CONFIG_INVALID', sentence);
}
