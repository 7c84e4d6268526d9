import type { Leash } from './leash';
import type { Report } from './progress';
import { runTool } from './run-tool';

export interface BuildOptions {
  env: NodeJS.ProcessEnv;
  leash: Leash;
  signal?: AbortSignal;
  report: Report;
}

/**
 * Builds programs of one Go module, for example `example.com/tool@v1.0.0`, and puts them into the folder under the last part of their path. Go keeps
 * what it has compiled, so an interrupted build goes on where it was.
 * Throws HW_STACK_FAILED when it fails, or the reason of `signal`.
 */
export async function buildWithGo(
  folder: string,
  programs: readonly string[],
  { env, leash, signal, report }: BuildOptions,
): Promise<void> {
  await runTool({
    command: 'go',
    args: ['install', '-v', ...programs],
    env: { ...env, GOBIN: folder },
    leash,
    signal,
    // Go names each module it downloads and each package it compiles: the only sign of life there is.
    onLine: (line) => report(`building with Go, ${line.replace(/^go: /, '')}`),
  });
}
