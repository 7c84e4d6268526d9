import type { Connection } from '@temporalio/client';

/** As the Temporal server says it, such as `1.29.1`. */
export async function serverVersion({ workflowService }: Connection): Promise<string> {
  return (await workflowService.getSystemInfo({})).serverVersion;
}
