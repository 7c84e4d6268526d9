import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectionLike } from '@temporalio/client';
import { messageOf } from '../contracts/errors';
import type { Config } from '../runtime/config/config';
import type { Logger } from '../runtime/logger';

export interface TellVersionOptions {
  temporal: { workflowService: Pick<ConnectionLike['workflowService'], 'describeWorkerDeployment'> };
  namespace: string;
  version: NonNullable<Config['worker']['version']>;
  logger: Pick<Logger, 'info' | 'warn'>;
  signal: AbortSignal;
  everyMs?: number;
}

const NOT_FOUND = 5;

/** A server registers a version with its first poll, which takes it some seconds. */
const TRIES = 60;

/**
 * Says in the log whether new jobs come to this version, and what makes them come: a versioned worker that nobody made current has nothing to do,
 * and looks like one that does not work. Never throws.
 */
export async function tellVersion(options: TellVersionOptions): Promise<void> {
  const { version, logger, signal, everyMs = 1_000 } = options;
  const { deploymentName, buildId } = version;
  const howTo = `headway versions --use ${buildId}`;
  try {
    const routing = await registered(options, everyMs);
    const current = routing?.currentDeploymentVersion?.buildId;
    const ramping = routing?.rampingDeploymentVersion?.buildId;
    if (current === buildId) return logger.info({ version }, 'this version is current: new jobs come to it');
    if (ramping === buildId) {
      const share = `${routing?.rampingVersionPercentage}% of the new jobs come to it`;
      return logger.info({ version }, `this version is ramping: ${share}`);
    }
    if (current) {
      return logger.info(
        { version },
        `version ${current} of ${deploymentName} is current: no new jobs come to this one until \`${howTo}\``,
      );
    }
    logger.warn(
      { version },
      `no version of ${deploymentName} is current: new jobs wait for a worker without a version until \`${howTo}\``,
    );
  } catch (error) {
    if (signal.aborted) return;
    logger.warn({ version, reason: messageOf(error) }, 'could not find out whether this version is current');
  }
}

/** How jobs are routed, once the server knows this version. */
async function registered({ temporal, namespace, version, signal }: TellVersionOptions, everyMs: number) {
  const { deploymentName, buildId } = version;
  for (let tries = 1; ; tries += 1) {
    try {
      const { workerDeploymentInfo: info } = await temporal.workflowService.describeWorkerDeployment({
        namespace,
        deploymentName,
      });
      const known = info?.versionSummaries?.some((one) => one.deploymentVersion?.buildId === buildId);
      if (known) return info?.routingConfig;
    } catch (error) {
      if ((error as { code?: unknown }).code !== NOT_FOUND) throw error;
    }
    if (tries === TRIES) throw new Error('the server has not registered it');
    await sleep(everyMs, undefined, { signal });
  }
}
