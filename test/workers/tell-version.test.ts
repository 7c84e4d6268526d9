import { tellVersion } from '../../workers/tell-version';

const version = { deploymentName: 'd', buildId: 'v2' };
const notFound = Object.assign(new Error('not found'), { code: 5 });

/** What is logged when the server answers this, one after the other. */
async function toldFor(...answers: (object | Error)[]): Promise<string[]> {
  const told: string[] = [];
  const logger = {
    info: (...args: unknown[]) => void told.push(`info ${String(args.at(-1))}`),
    warn: (...args: unknown[]) => void told.push(`warn ${String(args.at(-1))}`),
  };
  const describeWorkerDeployment = () => {
    const answer = answers.length > 1 ? answers.shift()! : answers[0]!;
    return answer instanceof Error
      ? Promise.reject(answer)
      : Promise.resolve({ workerDeploymentInfo: answer });
  };
  const temporal = { workflowService: { describeWorkerDeployment } } as never;
  const signal = AbortSignal.timeout(5_000);
  await tellVersion({ temporal, namespace: 'n', version, logger: logger as never, signal, everyMs: 1 });
  return told;
}

const known = { versionSummaries: [{ deploymentVersion: version }] };
const older = { deploymentVersion: { deploymentName: 'd', buildId: 'v1' } };

describe('a versioned worker', () => {
  it('says that new jobs come to it, once the server knows its version', async () => {
    const info = { ...known, routingConfig: { currentDeploymentVersion: version } };
    expect(await toldFor(notFound, { versionSummaries: [older] }, info)).toEqual([
      'info this version is current: new jobs come to it',
    ]);
  });

  it('says which part of them comes to it', async () => {
    const info = {
      ...known,
      routingConfig: { rampingDeploymentVersion: version, rampingVersionPercentage: 10 },
    };
    expect(await toldFor(info)).toEqual(['info this version is ramping: 10% of the new jobs come to it']);
  });

  it('says what makes it current, and warns where no version is', async () => {
    const current = { currentDeploymentVersion: older.deploymentVersion };
    expect((await toldFor({ ...known, routingConfig: current }))[0]).toMatch(
      /^info version v1 of d is current: .*`headway versions --use v2`$/,
    );
    expect((await toldFor({ ...known, routingConfig: {} }))[0]).toMatch(
      /^warn no version of d is current: .*`headway versions --use v2`$/,
    );
  });

  it('says that it could not find out, and nothing more', async () => {
    expect(await toldFor(new Error('away'))).toEqual([
      'warn could not find out whether this version is current',
    ]);
  });
});
