/**
 * What the promise gives, or, where it has not settled after so many milliseconds, what `otherwise` gives or throws. The limit does not keep the process
 * running, and whatever the promise stands for goes on.
 */
export async function within<Value>(
  milliseconds: number,
  promise: Promise<Value>,
  otherwise: () => Value,
): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
    timer.unref();
  });
  try {
    return await Promise.race([promise, late.then(otherwise)]);
  } finally {
    clearTimeout(timer);
  }
}
