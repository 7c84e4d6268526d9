import { definePipeline } from '../define-pipeline';
import { postProcess } from './post-process';
import { prompt } from './prompt';
import { documentTriageRequestSchema, documentTriageResponseSchema } from './schemas';

/** Says what an incoming document is, takes out parties, dates and amounts, and routes it. Needs no database and no web. */
export const documentTriage = definePipeline({
  name: 'document-triage',
  request: documentTriageRequestSchema,
  response: documentTriageResponseSchema,
  prompt,
  postProcess,
  policy: {
    llm: { timeoutMs: 90_000, maxOutputTokens: 2_000 },
    postProcess: { deterministic: true },
  },
});
