import type { Client } from '@temporalio/client';
import { quoted } from '../../bridge/quoted';
import { countLiving } from '../count-living';

export interface VersionView {
  /** Absent: workers without a version. */
  buildId?: string;
  /** `inactive`: nothing was ever sent to it. `draining`, `drained`: it gets nothing new any more. */
  state: 'current' | 'ramping' | 'draining' | 'drained' | 'inactive';
  /** Of the new jobs, where it is ramping. */
  percent?: number;
  /** Workflows that have begun on it and have not ended: they need its workers. */
  running: number;
  /** Worker processes of it. */
  workers: number;
}

export interface DeploymentView {
  deployment: string;
  versions: VersionView[];
}

/** A version that is ramping with 0 % gets none of them. */
export function getsNewJobs({ state, percent }: Pick<VersionView, 'state' | 'percent'>): boolean {
  return state === 'current' || (state === 'ramping' && percent !== 0);
}

/** `TaskQueueType` of the API. */
const WORKFLOW_TASKS = 1;

const states = ['inactive', 'inactive', 'current', 'ramping', 'draining', 'drained', 'inactive'] as const;

/**
 * The worker deployments of a task queue with all their versions, newest first; last the workers without a version, where there are any or
 * something waits for them. None where no worker has a version.
 */
export async function readDeployments(client: Client, taskQueue: string): Promise<DeploymentView[]> {
  const { namespace } = client.options;
  const { pollers, versioningInfo } = await client.workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: taskQueue },
    taskQueueType: WORKFLOW_TASKS,
  });
  const current = versioningInfo?.currentDeploymentVersion?.deploymentName;
  const polling = pollers.map((poller) => poller.deploymentOptions?.deploymentName);
  const names = [...new Set([current, ...polling])].filter((name) => name !== undefined && name !== '');
  const running = async (which: string) => {
    const query = `TaskQueue = ${quoted(taskQueue)} AND ExecutionStatus = 'Running' AND TemporalWorkerDeploymentVersion ${which}`;
    return Number((await client.workflowService.countWorkflowExecutions({ namespace, query })).count);
  };
  const workersOf = (deployment: string, buildId: string) =>
    countLiving(
      pollers.filter(
        ({ deploymentOptions: of }) =>
          (of?.deploymentName ?? '') === deployment && (of?.buildId ?? '') === buildId,
      ),
    );
  return Promise.all(names.map((name) => read(name!)));

  async function read(deployment: string): Promise<DeploymentView> {
    const { workerDeploymentInfo: info } = await client.workflowService.describeWorkerDeployment({
      namespace,
      deploymentName: deployment,
    });
    const { routingConfig: routing } = info ?? {};
    const versionSummaries = info?.versionSummaries ?? [];
    const percent = routing?.rampingVersionPercentage ?? 0;
    const versions = await Promise.all(
      versionSummaries.map(async ({ status, deploymentVersion }): Promise<VersionView> => {
        const buildId = deploymentVersion?.buildId ?? '';
        const inUse = await running(`= ${quoted(`${deployment}:${buildId}`)}`);
        const told = states[status ?? 0] ?? 'inactive';
        // Temporal looks every three minutes: what runs on it now is counted here.
        const state = told === 'drained' && inUse > 0 ? 'draining' : told;
        return {
          buildId,
          state,
          ...(state === 'ramping' && { percent }),
          running: inUse,
          workers: workersOf(deployment, buildId),
        };
      }),
    );
    const moving = await running('IS NULL');
    const notCurrent = moving > 0 ? 'draining' : 'drained';
    const unversioned: VersionView = {
      state: routing?.currentDeploymentVersion?.buildId ? notCurrent : 'current',
      running: moving,
      workers: workersOf('', ''),
    };
    const shown = unversioned.state === 'current' || unversioned.running + unversioned.workers > 0;
    return { deployment, versions: shown ? [...versions, unversioned] : versions };
  }
}
