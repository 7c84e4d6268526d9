import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { projectRoot } from '../../runtime/project-root';

export interface HeadwayRun {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs one command line of `headway` as a user does, from dist/, and waits for its end. */
export async function headway(
  env: NodeJS.ProcessEnv,
  args: string[],
  input: string | Buffer = '',
): Promise<HeadwayRun> {
  const child = spawn(process.execPath, [join(projectRoot(), 'dist', 'cli', 'main.js'), ...args], {
    env: { ...process.env, LOG_LEVEL: '', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.on('error', () => undefined).end(input);
  const ended = new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)));
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, stdout, stderr };
}
