/** A record of the queue topic, as the workflow carries it. */
export interface StraightforwardJob {
  id: string;
  pipeline: string;
  input: unknown;
}

/** @throws SyntaxError for a record that is no JSON: the bench writes none */
export function readJob(value: Buffer | null): StraightforwardJob {
  const { id, pipeline, input } = JSON.parse(String(value)) as StraightforwardJob;
  return { id, pipeline, input };
}
