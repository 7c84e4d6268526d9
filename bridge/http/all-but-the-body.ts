import type { FastifySchemaCompiler } from 'fastify';
import { validatorCompiler } from 'fastify-type-provider-zod';

/** For routes that look at the body themselves: its schema is for the document. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- fastify's type for it is the schema of the route
export const allButTheBody: FastifySchemaCompiler<any> = (part) =>
  part.httpPart === 'body' ? (value: unknown) => ({ value }) : validatorCompiler(part as never);
