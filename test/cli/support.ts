import { Readable } from 'node:stream';
import type { CliContext } from '../../cli/context';
import { exitCodes } from '../../cli/exit-codes';

/** A context whose output is kept. */
export function createContext(env: NodeJS.ProcessEnv = {}, stdin: string[] = []) {
  const controller = new AbortController();
  let stdout = '';
  let stderr = '';
  const context: CliContext = {
    env,
    stdin: Readable.from(stdin.map((text) => Buffer.from(text))),
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
    signal: controller.signal,
    exitCode: exitCodes.ok,
  };
  return {
    context,
    interrupt: () => controller.abort(new Error('Interrupted by SIGINT.')),
    stdout: () => stdout,
    stderr: () => stderr,
  };
}
