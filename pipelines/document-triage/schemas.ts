import { z } from 'zod';

/** `input` of a `document-triage` job. */
export const documentTriageRequestSchema = z.strictObject({
  /** The document as plain text; how it became text is the sender's affair. */
  text: z.string().max(60_000).regex(/\S/, 'must not be blank'),
  /** Subject of the message, or name of the file. */
  title: z.string().max(300).optional(),
  /** Address or name of who sent it, as far as known. */
  from: z.string().max(300).optional(),
  /** Day it came in; what is due is counted from there. */
  receivedOn: z.iso.date().optional(),
});

export type DocumentTriageRequest = z.infer<typeof documentTriageRequestSchema>;

export const documentTypes = [
  'invoice',
  'contract',
  'complaint',
  'application',
  'inquiry',
  'notice',
  'spam',
  'other',
] as const;
export type DocumentType = (typeof documentTypes)[number];

export const urgencies = ['low', 'normal', 'high', 'critical'] as const;
export type Urgency = (typeof urgencies)[number];

/**
 * The model's answer. Sent as a strict JSON schema. Whatever can be looked up in the text is asked for as it stands there, so that
 * post-processing can check it.
 */
export const documentTriageResponseSchema = z.object({
  type: z
    .enum(documentTypes)
    .describe('application: for a job. notice: of an authority, a bank, an insurer or a utility.'),
  language: z.enum(['en', 'de', 'fr', 'es', 'it', 'nl', 'pl', 'pt', 'other']),
  urgency: z.enum(urgencies).describe('critical: somebody is in danger, or much is lost within a day.'),
  summary: z
    .string()
    .describe('What it says and what the sender wants, in one or two sentences, in English.'),
  parties: z
    .array(
      z.object({
        name: z.string().describe('Person or organisation, spelt as in the document.'),
        role: z.enum(['sender', 'recipient', 'other']),
      }),
    )
    .max(10),
  dates: z
    .array(
      z.object({
        date: z.string().describe('YYYY-MM-DD'),
        meaning: z.enum(['written', 'due', 'event', 'other']),
      }),
    )
    .max(20),
  amounts: z
    .array(
      z.object({
        amount: z.number(),
        currency: z.string().describe('ISO 4217, such as EUR.'),
        meaning: z.enum(['total', 'part', 'other']),
      }),
    )
    .max(20),
  confidence: z.number().min(0).max(1).describe('How sure type and urgency are, from 0 to 1.'),
});

export type DocumentTriageResponse = z.infer<typeof documentTriageResponseSchema>;
