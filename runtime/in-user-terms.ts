import { join, relative } from 'node:path';
import { isInstalled, projectRoot } from './project-root';

/** The processes that are npm scripts in the repository, and commands `headway-...` of the package. */
export type ProcessName = 'stack' | 'bridge' | 'http' | 'worker';

/** How whoever reads a message starts a process: by the script of the repository, or by the command of the installed package. */
export function commandFor(name: ProcessName, options = '', root = projectRoot()): string {
  if (isInstalled(root)) return `npx headway-${name}${options && ` ${options}`}`;
  return `npm run ${name}${options && ` -- ${options}`}`;
}

/**
 * A text that names documents as the repository has them, `docs/llm.md`, for whoever reads it: where Headway is installed as a package they lie
 * in its folder.
 */
export function withDocsOfHere(text: string, root = projectRoot(), from = process.cwd()): string {
  if (!isInstalled(root)) return text;
  return text.replace(/\bdocs\/[\w/-]+\.md\b/g, (file) => relative(from, join(root, file)));
}
