import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';

/** The folder that holds package.json, from the sources as well as from dist/. */
export function projectRoot(): string {
  let folder = __dirname;
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('No package.json above ' + __dirname);
    folder = parent;
  }
  return folder;
}

/** Whether Headway is a package of a project of its user, rather than a clone of the repository. */
export function isInstalled(root = projectRoot()): boolean {
  return root.split(sep).includes('node_modules');
}

/** Where `.headway` goes: the project, or, where Headway is installed as a package, the folder its user is in. */
export function workFolder(): string {
  const root = projectRoot();
  return isInstalled(root) ? process.cwd() : root;
}

/** Of Headway, as package.json has it. */
export function projectVersion(): string {
  const text = readFileSync(join(projectRoot(), 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
