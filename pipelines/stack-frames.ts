import { fileURLToPath } from 'node:url';

/** A line of a stack that stands in a file, which Node.js itself is not. */
export interface StackFrame {
  file: string;
  line: number;
  /** As it stands in the stack: `at lookUp (/pipelines/brief.mjs:12:5)`. */
  text: string;
}

const FRAME = /^ {4}at (?:.+ \()?((?:file:\/\/)?\/.+|[A-Za-z]:\\.+):(\d+):\d+\)?$/;

/** Where an error was thrown, the innermost first. Holds nothing of its message, which may say what a job is about. */
export function framesOf(error: unknown): StackFrame[] {
  if (!(error instanceof Error) || typeof error.stack !== 'string') return [];
  const { stack } = error;
  // Whoever throws may have put anything there.
  const message = typeof error.message === 'string' ? error.message : '';
  // A message of several lines could look like frames.
  const behind = stack.includes(message) ? stack.indexOf(message) + message.length : 0;
  const lines = stack.slice(behind).split('\n');
  const end = lines.findLastIndex((line) => !line.startsWith('    at '));
  return lines.slice(end + 1).flatMap((line) => {
    const [, file, number] = FRAME.exec(line) ?? [];
    return file === undefined ? [] : [{ file: pathOf(file), line: Number(number), text: line.trim() }];
  });
}

/** A file in a stack is a URL when it is an ES module. */
export function pathOf(file: string): string {
  return file.startsWith('file://') ? fileURLToPath(file) : file;
}
