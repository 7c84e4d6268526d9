import type { Client } from '@temporalio/client';
import { getsNewJobs, readDeployments, type VersionView } from '../versions/read-versions';
import { ok, warning, wrong, type Verdict } from './findings';

/** Versions that jobs wait for, or come to, have workers. */
export async function checkVersions(client: Client, taskQueue: string): Promise<Verdict> {
  const [deployment, ...others] = await readDeployments(client, taskQueue);
  if (!deployment) return ok('workers have none (HEADWAY_DEPLOYMENT)');
  const { deployment: name, versions } = deployment;
  if (others.length > 0) {
    const names = [name, ...others.map((one) => one.deployment)].join(', ');
    return warning(
      `several deployments work on ${taskQueue}: ${names}`,
      'Give all workers one HEADWAY_DEPLOYMENT.',
    );
  }
  const stranded = versions.filter((version) => version.workers === 0 && isNeeded(version));
  if (stranded.length > 0) return wrong(stranded.map(sayStranded).join('; '), todoFor(stranded[0]!));
  const found = versions.map((version) => `${nameOf(version)} ${version.state}`).join(', ');
  return ok(`${name}: ${found}`);
}

/** New jobs come to it, or jobs that began on it can end nowhere else. Unversioned workflows go on at the current version. */
function isNeeded(version: VersionView): boolean {
  return getsNewJobs(version) || (version.buildId !== undefined && version.running > 0);
}

function sayStranded(version: VersionView): string {
  const { state, running } = version;
  const what = getsNewJobs(version)
    ? `is ${state}, but has no workers`
    : `has no workers, and ${running} running workflow(s) wait for them`;
  return `${nameOf(version)} ${what}`;
}

function todoFor({ buildId }: VersionView): string {
  if (buildId === undefined)
    return 'Make the version of the workers current: `headway versions --use <build id>`.';
  return `Start a worker with HEADWAY_BUILD_ID=${buildId}, of that very build; \`headway versions\` has more.`;
}

function nameOf({ buildId }: VersionView): string {
  return buildId === undefined ? 'workers without a version' : `version ${buildId}`;
}
