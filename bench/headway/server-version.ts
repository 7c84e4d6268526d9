import type { BenchStack } from './bench-stack';

/** As the Temporal server says it, and what it keeps its state in, such as `1.29.1 on SQLite (WAL, synchronous=NORMAL)`. */
export async function serverVersion(bench: Pick<BenchStack, 'connection' | 'storage'>): Promise<string> {
  const info = await bench.connection.workflowService.getSystemInfo({});
  return `${info.serverVersion} on ${bench.storage}`;
}
