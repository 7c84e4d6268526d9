import { relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { HeadwayError, messageOf } from '../contracts/errors';
import { isPipeline, type Pipeline } from './define-pipeline';
import { findPipelineFiles } from './find-pipeline-files';
import { placeOfLoadError } from './place-of-load-error';
import { createRegistry, shippedPipelines, type Registry } from './registry';

export interface LoadOptions {
  /** Pipelines that are there already. */
  given?: readonly Pipeline[];
  /** The variable or option that names them, for messages. */
  variable?: string;
  /** Folder that paths are relative to, and packages are looked for in and above. Default: the working folder. */
  from?: string;
  /** Default: `import()`. */
  importModule?: (url: string) => Promise<unknown>;
}

/**
 * The shipped pipelines and those of the given paths and packages. Every process that needs pipelines gets them here.
 *
 * @param names files, folders (`./my-pipelines`) and npm packages
 * @throws HeadwayError `HW_CONFIG_INVALID` naming the variable and the file: not found, without a pipeline, a name that is taken, or
 * one that throws while it is loaded, with the line where that is known
 */
export async function loadRegistry(names: readonly string[], options: LoadOptions = {}): Promise<Registry> {
  const origins = new Map(shippedPipelines.map(({ name }) => [name, 'Headway itself']));
  const loaded: Pipeline[] = [];
  const given = (options.given ?? []).map((pipeline) => ({ pipeline, origin: 'the program' }));
  for (const { pipeline, origin } of [...given, ...(await loadPipelines(names, options))]) {
    const other = origins.get(pipeline.name);
    if (other !== undefined) {
      const { variable = 'HEADWAY_PIPELINES' } = options;
      throw invalid(`${variable}: the pipeline "${pipeline.name}" of ${origin} is also in ${other}.`);
    }
    origins.set(pipeline.name, origin);
    loaded.push(pipeline);
  }
  return createRegistry([...shippedPipelines, ...loaded]);
}

async function loadPipelines(names: readonly string[], options: LoadOptions) {
  const { variable = 'HEADWAY_PIPELINES', from = process.cwd() } = options;
  const { importModule = (url: string) => import(url) as Promise<unknown> } = options;
  const loaded: { pipeline: Pipeline; origin: string }[] = [];
  for (const name of names) {
    for (const file of findPipelineFiles(name, from, variable)) {
      const origin = shown(file, from);
      const found = pipelinesOf(await importOne(file, origin));
      if (found.length === 0) {
        const what = 'export what `definePipeline` returns';
        throw invalid(`${variable}: ${origin} exports no pipeline; ${what}.`);
      }
      loaded.push(...found.map((pipeline) => ({ pipeline, origin })));
    }
  }
  return loaded;

  async function importOne(file: string, origin: string): Promise<unknown> {
    try {
      return await importModule(pathToFileURL(file).href);
    } catch (error) {
      const place = await placeOfLoadError(error, file, __filename);
      const inFile = place?.file === file;
      const at = inFile ? `:${place.line}` : '';
      const elsewhere = place && !inFile ? `${shown(place.file, from)}:${place.line}: ` : '';
      throw invalid(`${variable}: ${origin}${at} cannot be loaded: ${elsewhere}${messageOf(error)}`, error);
    }
  }
}

/** Of any export, also in a list; of CommonJS, where the whole of `module.exports` is the default export, each once. */
function pipelinesOf(module: unknown): Pipeline[] {
  const exported = valuesOf(module);
  const whole = (module as { default?: unknown } | null)?.default;
  const inside = isPipeline(whole) ? [] : valuesOf(whole);
  return [...new Set([...exported, ...inside].flat().filter(isPipeline))];
}

function valuesOf(value: unknown): unknown[] {
  return typeof value === 'object' && value !== null ? Object.values(value) : [];
}

function shown(file: string, from: string): string {
  const path = relative(from, file);
  return path.startsWith('..') ? file : path;
}

function invalid(sentence: string, cause?: unknown): HeadwayError {
  return new HeadwayError('HW_CONFIG_INVALID', sentence, { cause });
}
