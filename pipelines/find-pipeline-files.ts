import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { HeadwayError, messageOf } from '../contracts/errors';

const compiled = /\.[cm]?js$/;
const test = /\.(test|spec)\.[cm]?js$/;
const mainNames = ['pipeline', 'index'].flatMap((name) =>
  ['js', 'mjs', 'cjs'].map((end) => `${name}.${end}`),
);

/**
 * The modules that a path or a package stands for. Of a folder: its `pipeline.js` or `index.js`; otherwise every compiled file
 * in it that is no test, and the `pipeline.js` or `index.js` of each folder in it. (`.mjs` and `.cjs` are as good.)
 *
 * @throws HeadwayError `HW_CONFIG_INVALID` that begins with `variable` when there is none
 */
export function findPipelineFiles(name: string, from: string, variable: string): string[] {
  if (!isPath(name)) return [findPackage(name, from, variable)];
  const path = resolve(from, name);
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) throw invalid(`${variable} names ${name}, which does not exist: there is no ${path}.`);
  if (stats.isDirectory()) return ofFolder(path, name, variable);
  if (compiled.test(path)) return [path];
  const compile = /\.[cm]?tsx?$/.test(path) ? ': compile it first, and name what comes out' : '';
  throw invalid(`${variable} names ${name}, which is no .js, .mjs or .cjs file${compile}.`);
}

function isPath(name: string): boolean {
  return /^\.{1,2}([/\\]|$)/.test(name) || isAbsolute(name);
}

function ofFolder(folder: string, name: string, variable: string): string[] {
  const own = mainOf(folder);
  if (own) return [own];
  const files = readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (statSync(path).isDirectory()) return mainOf(path) ?? [];
      return compiled.test(entry.name) && !test.test(entry.name) ? path : [];
    });
  if (files.length > 0) return files;
  const places = 'neither .js, .mjs or .cjs files nor folders with a pipeline.js';
  throw invalid(
    `${variable} names ${name}, which holds no pipeline: ${places}. (TypeScript has to be compiled first.)`,
  );
}

function mainOf(folder: string): string | undefined {
  return mainNames.map((file) => join(folder, file)).find((file) => existsSync(file));
}

function findPackage(name: string, from: string, variable: string): string {
  try {
    return createRequire(join(from, 'package.json')).resolve(name);
  } catch (error) {
    const file = mainForImport(name, from);
    if (file) return file;
    const path = existsSync(join(from, name)) ? ` A path begins with ./, so perhaps ./${name} is meant.` : '';
    const why = (error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND' ? '' : ` (${messageOf(error)})`;
    throw invalid(
      `${variable} names the package ${name}, which is not installed in ${from} or above${why}.${path}`,
    );
  }
}

/** Of a package that can only be imported, which `require.resolve` does not find. */
function mainForImport(name: string, from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const file = join(folder, 'node_modules', name, 'package.json');
    if (existsSync(file)) {
      const { exports } = JSON.parse(readFileSync(file, 'utf8')) as { exports?: unknown };
      const main = importTarget((exports as Record<string, unknown> | undefined)?.['.'] ?? exports);
      return main === undefined ? undefined : join(dirname(file), main);
    }
    if (folder === dirname(folder)) return undefined;
  }
}

function importTarget(exports: unknown): string | undefined {
  if (typeof exports === 'string') return exports;
  if (typeof exports !== 'object' || exports === null) return undefined;
  const { node, import: imported, default: otherwise } = exports as Record<string, unknown>;
  return importTarget(node ?? imported ?? otherwise);
}

function invalid(sentence: string): HeadwayError {
  return new HeadwayError('HW_CONFIG_INVALID', sentence);
}
