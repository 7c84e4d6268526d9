/** A text in a visibility query. https://docs.temporal.io/list-filter */
export function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}
