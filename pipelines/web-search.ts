import { z } from 'zod';

const domain = z
  .string()
  .regex(
    /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*$/i,
    'must be a domain such as `example.org`, without `https://` and path',
  );

/** What a pipeline may say of the web search of its model. */
export const toolsSchema = z.array(
  z.strictObject({
    type: z.literal('web_search'),
    allowedDomains: z.array(domain).min(1).max(100).optional(),
    searchContextSize: z.enum(['low', 'medium', 'high']).optional(),
    userLocation: z
      .strictObject({
        country: z
          .string()
          .regex(/^[A-Z]{2}$/, 'must be a country code of two capital letters, such as `DE` (ISO 3166-1)')
          .optional(),
        region: z.string().min(1).optional(),
        city: z.string().min(1).optional(),
        timezone: z
          .string()
          .refine(isTimeZone, 'must be an IANA time zone, such as `Europe/Berlin`')
          .optional(),
      })
      .optional(),
  }),
);

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
