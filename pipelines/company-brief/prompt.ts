import type { Prompt } from '../../contracts/stages';
import { fenced } from '../fenced';
import type { CompanyBriefEnrichment } from './enrich';
import type { CompanyBriefRequest } from './schemas';
import { systemPrompt } from './system-prompt';

/** The system prompt, and the request and the internal data as JSON between tags. */
export function prompt(input: CompanyBriefRequest, { internalData }: CompanyBriefEnrichment): Prompt {
  return {
    instructions: systemPrompt.render(),
    version: systemPrompt.label,
    input: [
      fenced('request', input),
      internalData
        ? fenced('internal_data', internalData)
        : 'There is no internal data about this company. Rely on the web alone.',
    ].join('\n\n'),
  };
}
