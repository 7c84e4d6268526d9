/** https://www.postgresql.org/docs/current/errcodes-appendix.html: undefined_table, undefined_column. */
const codes = ['42P01', '42703'];

/** Whether PostgreSQL says that a table or a column is missing, which no waiting mends. */
export function lacksMigration(error: unknown): boolean {
  return codes.includes(String((error as { code?: unknown } | undefined)?.code));
}
