/**
 * Bounds a wait, so that nothing that hangs stops the bench. What it waited for is not ended by that.
 * @throws Error that names what was waited for
 */
export async function within<T>(ms: number, what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${Math.round(ms / 1_000)} s`)), ms);
  });
  // Whatever comes of it later is nobody's any more.
  work.catch(() => {});
  try {
    return await Promise.race([work, tooLong]);
  } finally {
    clearTimeout(timer);
  }
}
