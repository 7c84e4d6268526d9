export interface Gate {
  /** Waits where the present part is full until the next one is let in; false when the gate was closed. */
  enter(): Promise<boolean>;
  /** One that had entered is done. */
  leave(): void;
  /** Whoever waits for a part, or will, learns why it does not come about. */
  fail(error: unknown): void;
  /** Lets the next part in, and resolves when all of it is done. */
  passed(): Promise<void>;
  /** Nobody enters any more. */
  close(): void;
}

/** Lets so many in, and the next so many only when those are done and it is asked to: between two parts nothing is under way. */
export function createGate(parts: readonly number[]): Gate {
  const left = [...parts];
  const waiting: ((isLetIn: boolean) => void)[] = [];
  let places = 0;
  let inside = 0;
  let isClosed = false;
  let failed: { error: unknown } | undefined;
  let end: { resolve: () => void; reject: (error: unknown) => void } | undefined;

  return {
    async enter() {
      if (isClosed) return false;
      if (places === 0) return await new Promise<boolean>((resolve) => waiting.push(resolve));
      places -= 1;
      return true;
    },
    leave() {
      inside -= 1;
      if (inside === 0) end?.resolve();
    },
    fail(error) {
      failed = { error };
      end?.reject(error);
    },
    async passed() {
      if (failed) throw failed.error;
      const count = left.shift() ?? 0;
      [places, inside] = [count, count];
      const done = new Promise<void>((resolve, reject) => (end = { resolve, reject }));
      for (const letIn of waiting.splice(0, count)) {
        places -= 1;
        letIn(true);
      }
      await done;
    },
    close() {
      isClosed = true;
      for (const letIn of waiting.splice(0)) letIn(false);
    },
  };
}
