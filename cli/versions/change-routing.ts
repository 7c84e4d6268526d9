import { hostname } from 'node:os';
import type { Client } from '@temporalio/client';
import { HeadwayError, messageOf } from '../../contracts/errors';
import type { DeploymentView } from './read-versions';

export interface Change {
  /** Absent: workers without a version. */
  buildId?: string;
  /** Share of the new jobs, 0 to 100. Absent: all of them, for good, and no other version keeps a share. */
  percent?: number;
}

const REQUEST_MS = 20_000;

/** gRPC statuses of a change that the server does not want: INVALID_ARGUMENT, NOT_FOUND, FAILED_PRECONDITION. */
const REFUSED = [3, 5, 9];

/**
 * Says which version gets new jobs. Jobs that have begun stay where they are.
 *
 * @throws HeadwayError `HW_CONFIG_INVALID` when there is no such version, or the server refuses the change; `HW_SERVER_UNREACHABLE` when it is
 * made, and a ramp may be left
 */
export async function changeRouting(
  client: Client,
  { deployment, versions }: DeploymentView,
  { buildId, percent }: Change,
): Promise<void> {
  if (buildId !== undefined && !versions.some((one) => one.buildId === buildId)) {
    const known = versions.map((one) => one.buildId).filter((one) => one !== undefined);
    throw new HeadwayError(
      'HW_CONFIG_INVALID',
      `--use must be a version of ${deployment} whose worker was started: ${known.join(', ')}.`,
    );
  }
  const { workflowService, options } = client;
  const of = { namespace: options.namespace, deploymentName: deployment };
  const change = { ...of, identity: `headway@${hostname()}` };
  const version = { buildId: buildId ?? '' };
  let isCurrent = false;
  try {
    await client.withDeadline(Date.now() + REQUEST_MS, async () => {
      if (percent !== undefined) {
        await workflowService.setWorkerDeploymentRampingVersion({
          ...change,
          ...version,
          percentage: percent,
        });
        return;
      }
      await workflowService.setWorkerDeploymentCurrentVersion({ ...change, ...version });
      isCurrent = true;
      // Temporal leaves a ramp as it is, unless it leads to the version that is current now.
      const { workerDeploymentInfo } = await workflowService.describeWorkerDeployment(of);
      if ((workerDeploymentInfo?.routingConfig?.rampingVersionPercentage ?? 0) > 0)
        await workflowService.setWorkerDeploymentRampingVersion({ ...change, buildId: '', percentage: 0 });
    });
  } catch (error) {
    if (isCurrent) throw rampIsLeft(error);
    if (!REFUSED.includes(Number((error as { code?: unknown }).code))) throw error;
    throw new HeadwayError('HW_CONFIG_INVALID', `--use was refused by Temporal: ${messageOf(error)}.`, {
      cause: error,
    });
  }
}

function rampIsLeft(cause: unknown): HeadwayError {
  return new HeadwayError(
    'HW_SERVER_UNREACHABLE',
    `The version is current, but another one may still get a share of the new jobs: ${messageOf(cause)}. Say it again.`,
    { cause },
  );
}
