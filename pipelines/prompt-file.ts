import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Liquid, type Template } from 'liquidjs';
import { HeadwayError, messageOf } from '../contracts/errors';
import { fenced } from './fenced';

/** A prompt that was read from a file. */
export interface PromptFile {
  /** The number in the name of the file. */
  version: number;
  /** For the call's metadata: path, version, and the first characters of the text's SHA-256, which tell a text that was changed in place. */
  label: string;
  /**
   * The text with its variables filled in. What a variable holds is put in as it is, and never read as template.
   *
   * @throws HeadwayError `HW_PROMPT_INVALID` naming the variable that is missing
   */
  render(variables?: Record<string, unknown>): string;
}

/** `prompts/system.v3.md` is version 3. */
const versionedName = /\.v([1-9]\d*)\.md$/;

/**
 * Reads a prompt once, at the start of the process. It is a Liquid template: variables, conditions and loops, but no code, no
 * files and no access to anything that is not among its variables. `{{ data | fenced: "tag" }}` fences data off, see `fenced`.
 *
 * @param from where the calling file is: `__dirname`, or in an ES module `import.meta.url`. The build has to put prompts beside the compiled files.
 * @param name below that folder
 * @throws HeadwayError `HW_PROMPT_INVALID` naming the file, when it is missing, empty, no template, or its name says no version
 */
export function loadPrompt(from: string, name: string): PromptFile {
  const folder = from.startsWith('file:') ? path.dirname(fileURLToPath(from)) : from;
  const version = Number(versionedName.exec(name)?.[1]);
  if (!version) throw invalid(name, 'its name must end in a version, such as "system.v1.md"');
  const text = read(folder, name);
  if (text === '') throw invalid(name, 'it is empty');
  const template = parse(name, text);
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 12);

  return {
    version,
    label: `${path.posix.basename(name).replace(versionedName, '')} v${version} ${digest}`,
    render(variables = {}) {
      try {
        return engine.renderSync(template, variables) as string;
      } catch (error) {
        throw invalid(name, messageOf(error), error);
      }
    },
  };
}

const engine = new Liquid({
  strictVariables: true,
  strictFilters: true,
  // Nothing inherited: no constructors, no methods.
  ownPropertyOnly: true,
  // In memory, and empty: `render` and `include` reach no file.
  templates: {},
});
engine.registerFilter('fenced', (data: unknown, tag: unknown) => fenced(String(tag), data));

function read(folder: string, name: string): string {
  try {
    return readFileSync(path.join(folder, name), 'utf8').trim();
  } catch (error) {
    throw invalid(name, `it cannot be read beside the compiled file: ${messageOf(error)}`, error);
  }
}

function parse(name: string, text: string): Template[] {
  try {
    return engine.parse(text);
  } catch (error) {
    throw invalid(name, messageOf(error), error);
  }
}

function invalid(name: string, problem: string, cause?: unknown): HeadwayError {
  return new HeadwayError('HW_PROMPT_INVALID', `prompt file ${name}: ${problem}`, { cause });
}
