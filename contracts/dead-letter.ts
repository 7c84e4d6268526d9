import { z } from 'zod';
import { errorCodes, type ErrorCode } from './errors';
import { deadLetterHeaders } from './headers';

/** Why a record can never become a job. The record itself travels unchanged: key, value bytes and headers. */
export const deadLetterSchema = z.object({
  topic: z.string().describe('Where the record was.'),
  partition: z.int().nonnegative(),
  offset: z.string(),
  group: z.string().describe('Consumer group of the bridge.'),
  message: z.string().describe('One line that names the field at fault.'),
  class: z
    .enum(Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]])
    .describe('A code of docs/reference/errors.md.'),
  stage: z.literal('bridge'),
  timestamp: z.string().describe('When it was dead-lettered, ISO 8601.'),
});

export type DeadLetter = z.infer<typeof deadLetterSchema>;

/** The headers a dead letter carries in addition to the record's own. */
export function toDeadLetterHeaders(letter: DeadLetter): Record<string, string> {
  const entries = Object.entries(deadLetterHeaders).map(([field, header]) => [
    header,
    String(letter[field as keyof DeadLetter]),
  ]);
  return Object.fromEntries(entries) as Record<string, string>;
}
