import type { Prompt } from '../../contracts/stages';
import type { CompanyBriefEnrichment } from './enrich';
import type { CompanyBriefRequest } from './schemas';
import { systemPrompt } from './system-prompt';

/** The system prompt, and the request and the internal data as JSON between tags. */
export function prompt(input: CompanyBriefRequest, { internalData }: CompanyBriefEnrichment): Prompt {
  return {
    instructions: systemPrompt,
    input: [
      fenced('request', input),
      internalData
        ? fenced('internal_data', internalData)
        : 'There is no internal data about this company. Rely on the web alone.',
    ].join('\n\n'),
  };
}

/** Escapes `<`, so that no text in the data can close the fence and pose as instructions. */
function fenced(tag: string, data: unknown): string {
  return `<${tag}>\n${JSON.stringify(data, null, 2).replaceAll('<', '\\u003c')}\n</${tag}>`;
}
