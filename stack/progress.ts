/** What a long step says about itself. */
export interface ProgressEvent {
  /** For example `Kafka`; the same text from the start of a step to its end. */
  step: string;
  state: 'started' | 'running' | 'done' | 'failed';
  detail?: string;
  /** Milliseconds since the step started. */
  elapsedMs: number;
}

export type OnProgress = (event: ProgressEvent) => void;

/** Says what the step is busy with at the moment. */
export type Report = (detail: string) => void;

/** Runs one step and tells `onProgress` about its start, what it reports, and how it ended. */
export async function withProgress<T>(
  onProgress: OnProgress,
  step: string,
  work: (report: Report) => Promise<T>,
  describe: (result: T) => string | undefined = () => undefined,
): Promise<T> {
  const startedAt = performance.now();
  const tell = (state: ProgressEvent['state'], detail?: string) =>
    onProgress({ step, state, detail, elapsedMs: performance.now() - startedAt });
  tell('started');
  try {
    const result = await work((detail) => tell('running', detail));
    tell('done', describe(result));
    return result;
  } catch (error) {
    tell('failed');
    throw error;
  }
}
