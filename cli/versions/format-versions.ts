import { formatTable } from '../output';
import { getsNewJobs, type DeploymentView, type VersionView } from './read-versions';

/** For a person: a table for each deployment, and which workers may be stopped. */
export function formatDeployments(deployments: readonly DeploymentView[], taskQueue: string): string {
  if (deployments.length === 0)
    return `The workers of task queue ${taskQueue} have no version (HEADWAY_DEPLOYMENT).`;
  return deployments.map(formatDeployment).join('\n\n');
}

function formatDeployment({ deployment, versions }: DeploymentView): string {
  const rows = versions.map((version) => [
    nameOf(version),
    version.percent === undefined ? version.state : `${version.state} ${version.percent}%`,
    version.running,
    version.workers,
    adviceFor(version),
  ]);
  return formatTable([[deployment, 'state', 'running workflows', 'workers', ''], ...rows]);
}

function adviceFor(version: VersionView): string {
  const { buildId, state, running, workers } = version;
  if (getsNewJobs(version)) return workers === 0 ? 'new jobs wait: start its workers' : 'gets new jobs';
  // They go on at the current version.
  if (buildId === undefined) return workers > 0 ? 'its workers can be stopped' : '';
  if (running > 0) return workers > 0 ? 'its workers are needed' : 'jobs wait: start its workers';
  if (state === 'inactive' || state === 'ramping') return 'gets no jobs: --use';
  return workers > 0 ? 'its workers can be stopped' : '';
}

function nameOf({ buildId }: VersionView): string {
  return buildId ?? '(no version)';
}
