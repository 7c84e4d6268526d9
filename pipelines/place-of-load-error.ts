import { execFile } from 'node:child_process';
import { dirname, sep } from 'node:path';
import { framesOf, pathOf } from './stack-frames';

/** Of Headway itself, compiled. */
const own = dirname(__dirname) + sep;
const CHECK_MS = 10_000;

/** A line of a file. */
export interface Place {
  file: string;
  line: number;
}

/**
 * Where in the code of a user loading a module failed, if that can be known.
 *
 * @param file the module that was loaded
 * @param loader the file that loads modules: whoever called it is not to blame
 */
export async function placeOfLoadError(
  error: unknown,
  file: string,
  loader: string,
): Promise<Place | undefined> {
  const told = isSyntaxError(error) ? firstLineOf(String(error.stack)) : undefined;
  if (told) return told;
  const frames = framesOf(error);
  const end = frames.findIndex((frame) => frame.file === loader);
  const inside = end === -1 ? frames : frames.slice(0, end);
  const thrown = inside.find((frame) => !frame.file.startsWith(own) && isTheirs(frame.file, file));
  return thrown ?? (isSyntaxError(error) ? placeOfSyntaxError(file) : undefined);
}

/** What a package uses is not theirs, unless they named a package. */
function isTheirs(other: string, file: string): boolean {
  const modules = `${sep}node_modules${sep}`;
  return !other.includes(modules) || file.includes(modules);
}

/** Also one of another realm. */
function isSyntaxError(error: unknown): error is Error {
  return (error as Error | undefined)?.name === 'SyntaxError';
}

function firstLineOf(text: string): Place | undefined {
  const [, file, line] = /^((?:file:\/\/)?\/.+|[A-Za-z]:\\.+):(\d+)\r?\n/.exec(text) ?? [];
  return file === undefined ? undefined : { file: pathOf(file), line: Number(line) };
}

/** Node.js tells the place of a syntax error in an ES module only where it ends a process. */
function placeOfSyntaxError(file: string): Promise<Place | undefined> {
  return new Promise((resolve) => {
    const options = { timeout: CHECK_MS, env: {} };
    execFile(process.execPath, ['--check', file], options, (_error, _stdout, stderr) =>
      resolve(firstLineOf(stderr)),
    );
  });
}
