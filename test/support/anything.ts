import { z } from 'zod';
import { definePipeline } from '../../pipelines/define-pipeline';

/** A pipeline whose input may be anything. */
export const anything = definePipeline({
  name: 'anything',
  request: z.record(z.string(), z.unknown()),
  response: z.object({ text: z.string() }),
  enrich: () => null,
  prompt: () => ({ instructions: '', input: 'anything' }),
  postProcess: () => null,
});
