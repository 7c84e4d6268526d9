import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { HeadwayError } from '../../contracts/errors';
import { isPipelineName } from '../../pipelines/define-pipeline';
import { shippedPipelines } from '../../pipelines/registry';
import { ownFiles, standaloneFiles } from './templates';

export interface NewPipeline {
  name: string;
  /** Of pipelines, relative to `cwd`. */
  folder: string;
  cwd: string;
}

export interface Written {
  /** Paths relative to `cwd`. */
  files: string[];
  /** What to do with them, as lines to read. */
  next: string;
}

/**
 * Writes a pipeline and its test: TypeScript in Headway's own repository, elsewhere ES modules that need no compiler.
 *
 * @throws HeadwayError `HW_CONFIG_INVALID` for a name that cannot be used, and where there is something already. Nothing is written then
 */
export function writePipeline({ name, folder, cwd }: NewPipeline): Written {
  if (!isPipelineName(name)) {
    const must =
      'at most 64 lower-case letters, digits and hyphens, with a letter in front, such as ticket-triage';
    throw invalid(`name: "${name}" must be ${must}.`);
  }
  if (shippedPipelines.some((pipeline) => pipeline.name === name)) {
    throw invalid(`name: "${name}" is a pipeline that comes with Headway; choose another name.`);
  }
  const own = isOwnRepository(cwd);
  const files = own ? ownFiles(name) : standaloneFiles(name, folder);
  const taken = Object.keys(files)
    .map((file) => dirname(file))
    .find((path) => existsSync(resolve(cwd, path)));
  if (taken !== undefined) throw invalid(`${taken} exists already; choose another name, or remove it first.`);

  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(resolve(cwd, file)), { recursive: true });
    writeFileSync(resolve(cwd, file), text, { flag: 'wx' });
  }
  const paths = Object.keys(files);
  return { files: paths, next: own ? nextInOwn(paths) : nextElsewhere(paths, folder, cwd) };
}

function isOwnRepository(cwd: string): boolean {
  const file = join(cwd, 'package.json');
  if (!existsSync(file) || !existsSync(join(cwd, 'pipelines', 'registry.ts'))) return false;
  return (JSON.parse(readFileSync(file, 'utf8')) as { name?: string }).name === 'headway';
}

function nextInOwn([, test = '']: string[]): string {
  return `Its test:   npx jest ${test} --selectProjects unit
Install it: add it to shippedPipelines in pipelines/registry.ts`;
}

function nextElsewhere([, test = '']: string[], folder: string, cwd: string): string {
  const path = relative(cwd, resolve(cwd, folder));
  const named = path.startsWith('..') || isAbsolute(path) ? resolve(cwd, folder) : `./${path}`;
  return `Its test: node --test ${test}
Run it:   HEADWAY_PIPELINES=${named} for every process, such as
          HEADWAY_PIPELINES=${named} npx headway pipelines`;
}

function invalid(sentence: string): HeadwayError {
  return new HeadwayError('HW_CONFIG_INVALID', sentence);
}
