import { errorCodes } from './errors';

/** The registry as docs/reference/errors.md has it. */
export function errorTable(): string {
  const rows = Object.entries(errorCodes).map(
    ([code, { meaning, action }]) => `| \`${code}\` | ${meaning} | ${action} |`,
  );
  return ['| code | what it means | what to do |', '|---|---|---|', ...rows].join('\n');
}
