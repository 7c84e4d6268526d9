import type { Prompt } from '../../contracts/stages';
import { fenced } from '../fenced';
import { loadPrompt } from '../prompt-file';
import type { DocumentTriageRequest } from './schemas';

const systemPrompt = loadPrompt(__dirname, 'prompts/system.v1.md');

/** The document as JSON between tags. */
export function prompt(document: DocumentTriageRequest): Prompt {
  return {
    instructions: systemPrompt.render(),
    version: systemPrompt.label,
    input: fenced('document', document),
  };
}
