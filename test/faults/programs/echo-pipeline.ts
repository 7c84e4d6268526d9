import { z } from 'zod';
import { definePipeline } from '../../../pipelines/define-pipeline';

/** Gives back what it got, however large; the model sees little of it. */
export const echo = definePipeline({
  name: 'echo',
  request: z.strictObject({ text: z.string() }),
  response: z.object({ verdict: z.string() }),
  enrich: () => ({ source: 'none' }),
  prompt: ({ text }) => ({ instructions: 'Judge the text.', input: text.slice(0, 500) }),
  postProcess: ({ verdict }, { input: { text } }) => ({ verdict, text }),
  policy: { postProcess: { deterministic: true } },
});
