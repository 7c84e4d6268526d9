import { z } from 'zod';

/** `input` of a `company-brief` job. */
export const companyBriefRequestSchema = z.strictObject({
  company: z.string().max(200).regex(/\S/, 'must not be blank'),
  domain: z
    .string()
    .max(253)
    .regex(/^(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))+$/i, {
      message: 'must be a host name such as "nordlicht-fenster.example"',
    }),
  question: z.string().max(2_000).regex(/\S/, 'must not be blank'),
});

export type CompanyBriefRequest = z.infer<typeof companyBriefRequestSchema>;

/**
 * The model's answer. Sent as a strict JSON schema, so only keywords that structured outputs know
 * (https://platform.openai.com/docs/guides/structured-outputs#supported-schemas): no `format: uri`, no lengths of
 * strings, nothing optional. What is in `sources` is a URL only after post-processing.
 */
export const companyBriefResponseSchema = z.object({
  summary: z.string().describe('Answer to the question in three to five plain sentences.'),
  facts: z
    .array(
      z.object({
        statement: z.string().describe('One fact that supports the summary, in one sentence.'),
        sources: z.array(z.string().describe('URL of a web page that states the fact.')).max(5),
      }),
    )
    .max(20),
  confidence: z.number().min(0).max(1).describe('How sure the answer is, from 0 to 1.'),
});

export type CompanyBriefResponse = z.infer<typeof companyBriefResponseSchema>;
