import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { HeadwayError } from '../../contracts/errors';
import type { Input } from '../context';

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
 * @throws HeadwayError `HW_CONFIG_INVALID` when there is no such file, or nothing at all
 */
export async function pickSource(given: string | undefined, stdin: Input): Promise<RequestSource> {
  if (given === '-' || (given === undefined && !stdin.isTTY)) {
    return { open: () => stdin, repeatable: false, name: 'standard input' };
  }
  if (given === undefined) {
    throw invalid('Nothing to submit: give a job request as JSON, a file, or --pipeline and --input.');
  }
  if (/^\s*[[{]/.test(given)) return fromText(given);
  const found = await stat(given).catch((error: NodeJS.ErrnoException) => {
    const looked = `'${given.slice(0, 200)}' is neither JSON (which begins with { or [) nor a file that can be read`;
    throw invalid(`request: ${looked} (${error.code}).`);
  });
  if (found.isDirectory()) throw invalid(`request: '${given}' is a folder.`);
  // A pipe such as that of <(command) can be read once.
  return { open: () => createReadStream(given), repeatable: found.isFile(), name: given };
}

export function fromText(text: string): RequestSource {
  return { open: () => Readable.from([Buffer.from(text)]), repeatable: true, name: 'the argument' };
}

function invalid(sentence: string): HeadwayError {
  return new HeadwayError('HW_CONFIG_INVALID', sentence);
}
