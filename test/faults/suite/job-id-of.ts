/** The job id that a record of the queue names. Undefined where it is no job, or its id is made from where it lies and cannot come twice. */
export function jobIdOf(value: Buffer | null): string | undefined {
  try {
    const { id } = JSON.parse(String(value)) as { id?: unknown };
    return typeof id === 'string' ? id : undefined;
  } catch {
    return undefined;
  }
}
