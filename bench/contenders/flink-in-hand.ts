/**
 * How many jobs a Flink cluster with one job has in its asynchronous operator, waiting for another attempt included. Infinity while the job
 * does not run, since it then has them in its checkpoint. `address` is that of the job manager's REST interface.
 * https://nightlies.apache.org/flink/flink-docs-release-2.2/docs/ops/rest_api/
 */
export async function inHandOfFlink(address: string): Promise<number> {
  const { jobs } = await read<{ jobs: { id: string }[] }>(`${address}/jobs`);
  const job = await read<{ state: string; vertices: { id: string }[] }>(`${address}/jobs/${jobs[0]?.id}`);
  if (job.state !== 'RUNNING') return Infinity;
  const metrics = await Promise.all(
    job.vertices.map(({ id }) => inHandOf(`${address}/jobs/${jobs[0]?.id}/vertices/${id}/subtasks/metrics`)),
  );
  const known = metrics.filter((count) => count !== undefined);
  // A job that has just begun has not told yet.
  return known.length === 0 ? Infinity : known.reduce((total, count) => total + count, 0);
}

/** Undefined where there is no such operator. Operators have their names in front of what they count. */
async function inHandOf(metricsAddress: string): Promise<number | undefined> {
  const names = await read<{ id: string }[]>(metricsAddress);
  const name = names.find(({ id }) => id.endsWith('jobsInHand'))?.id;
  if (name === undefined) return undefined;
  const [metric] = await read<{ sum?: number }[]>(
    `${metricsAddress}?get=${encodeURIComponent(name)}&agg=sum`,
  );
  return metric?.sum;
}

async function read<T>(address: string): Promise<T> {
  const response = await fetch(address, { signal: AbortSignal.timeout(5_000) });
  if (!response.ok) throw new Error(`Flink answered ${response.status} to ${address}`);
  return (await response.json()) as T;
}
