import { InvalidArgumentError } from 'commander';
import { jobIdSchema } from '../contracts/job-request';

/** For arguments that are job ids. */
export function readJobId(text: string): string {
  if (text === '') throw new InvalidArgumentError('A job id must not be empty.');
  const parsed = jobIdSchema.safeParse(text);
  if (parsed.success) return text;
  throw new InvalidArgumentError(`A job id ${parsed.error.issues[0]?.message}.`);
}

/** For arguments that may be repeated. */
export function readJobIds(text: string, before: string[] | undefined): string[] {
  return [...new Set([...(before ?? []), readJobId(text)])];
}
