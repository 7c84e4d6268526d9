import { InvalidArgumentError, Option } from 'commander';
import type { Client } from '@temporalio/client';
import { HeadwayError } from '../../contracts/errors';
import { loadConfig } from '../../runtime/config/config';
import { cliTemporal } from '../connections';
import type { CliContext } from '../context';
import { HeadwayCommand } from '../headway-command';
import { printJson } from '../output';
import { changeRouting, type Change } from '../versions/change-routing';
import { formatDeployments } from '../versions/format-versions';
import { readDeployments, type DeploymentView } from '../versions/read-versions';

interface Options {
  use?: string;
  percent?: number;
  useUnversioned?: boolean;
  deployment?: string;
  json?: boolean;
}

/** `headway versions`: which builds the workers are of, and which one gets the new jobs. */
export function versionsCommand(context: CliContext): HeadwayCommand {
  return new HeadwayCommand('versions')
    .description('list worker versions, say which one gets new jobs')
    .option('--use <build-id>', 'make this version current: new jobs go to it')
    .option('--percent <n>', 'with --use: only this share of the new jobs', readPercent)
    .addOption(
      new Option('--use-unversioned', 'new jobs go to workers without a version').conflicts([
        'use',
        'percent',
      ]),
    )
    .option('--deployment <name>', 'worker deployment (default: the one of the task queue)')
    .option('--json', 'print JSON')
    .withExample('headway versions --use v2 --percent 10')
    .action((options: Options) => run(options, context));
}

async function run(options: Options, context: CliContext): Promise<void> {
  const { use, percent, useUnversioned, deployment, json } = options;
  if (percent !== undefined && use === undefined) {
    throw new HeadwayError('HW_CONFIG_INVALID', '--percent needs --use, the version that gets this share.');
  }
  const { temporal } = loadConfig(context.env, ['temporal']);
  const client = await cliTemporal(temporal, context);
  try {
    const read = () => wanted(client, temporal.taskQueue, deployment);
    if (use !== undefined || useUnversioned) {
      await changeRouting(
        client,
        only(await read(), temporal.taskQueue, useUnversioned ? '--use-unversioned' : '--use'),
        {
          buildId: use,
          percent,
        } satisfies Change,
      );
    }
    const deployments = await read();
    if (use !== undefined || useUnversioned) warnOfNobody(deployments, use, temporal.taskQueue, context);
    if (json) printJson(context, { deployments });
    else context.stdout.write(`${formatDeployments(deployments, temporal.taskQueue)}\n`);
  } finally {
    await client.connection.close();
  }
}

/** New jobs are sent there all the same: its workers may be about to start. */
function warnOfNobody(
  deployments: DeploymentView[],
  buildId: string | undefined,
  taskQueue: string,
  { stderr }: CliContext,
): void {
  const versions = deployments.flatMap((one) => one.versions);
  if (versions.some((one) => one.buildId === buildId && one.workers > 0)) return;
  const whose = buildId === undefined ? 'without a version' : `of version ${buildId}`;
  stderr.write(
    `headway: no worker ${whose} polls task queue ${taskQueue}: the jobs that are sent there wait until one is started.\n`,
  );
}

async function wanted(client: Client, taskQueue: string, name?: string): Promise<DeploymentView[]> {
  const deployments = await readDeployments(client, taskQueue);
  return deployments.filter(({ deployment }) => name === undefined || deployment === name);
}

function only(deployments: DeploymentView[], taskQueue: string, option: string): DeploymentView {
  const [first, second] = deployments;
  if (!first) {
    const why = `no worker of such a deployment has polled task queue ${taskQueue}; start one with HEADWAY_DEPLOYMENT and HEADWAY_BUILD_ID`;
    throw new HeadwayError('HW_CONFIG_INVALID', `${option}: ${why}.`);
  }
  if (!second) return first;
  const names = deployments.map(({ deployment }) => deployment).join(', ');
  throw new HeadwayError('HW_CONFIG_INVALID', `--deployment must be one of ${names}.`);
}

function readPercent(text: string): number {
  if (/^\d{1,3}$/.test(text) && Number(text) <= 100) return Number(text);
  throw new InvalidArgumentError('It must be a whole number from 0 to 100.');
}
