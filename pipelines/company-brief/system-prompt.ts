import { loadPrompt } from '../prompt-file';

/** The text the model gets as instructions. A change of it is a new file, `system.v2.md`. */
export const systemPrompt = loadPrompt(__dirname, 'prompts/system.v1.md');
