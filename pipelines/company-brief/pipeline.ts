import { definePipeline } from '../define-pipeline';
import { enrich } from './enrich';
import { postProcess } from './post-process';
import { prompt } from './prompt';
import { companyBriefRequestSchema, companyBriefResponseSchema } from './schemas';

/** Answers a question about a company from internal data and the web, with every fact checked against its sources. */
export const companyBrief = definePipeline({
  name: 'company-brief',
  request: companyBriefRequestSchema,
  response: companyBriefResponseSchema,
  enrich,
  prompt,
  tools: [{ type: 'web_search', searchContextSize: 'medium' }],
  postProcess,
  policy: { postProcess: { deterministic: true } },
});
