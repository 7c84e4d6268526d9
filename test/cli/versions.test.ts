import type { Client } from '@temporalio/client';
import { checkVersions } from '../../cli/doctor/check-versions';
import { formatDeployments } from '../../cli/versions/format-versions';
import { readDeployments } from '../../cli/versions/read-versions';

const CURRENT = 2;
const DRAINING = 4;
const DRAINED = 5;

const RAMPING = 3;

interface Situation {
  /** Build IDs with a worker; empty for one without a version. */
  polling: string[];
  current?: string;
  versions: [buildId: string, status: number, running: number][];
  unversioned?: number;
  /** Of the one that is ramping. */
  percent?: number;
}

/** As much of Temporal as is asked, for a deployment `d` on the task queue `q`. */
function temporal({ polling, current, versions, unversioned = 0, percent = 0 }: Situation): Client {
  const version = (buildId?: string) =>
    buildId === undefined ? undefined : { deploymentName: 'd', buildId };
  const workflowService = {
    describeTaskQueue: () => ({
      pollers: polling.map((buildId) => ({
        identity: `worker of ${buildId}`,
        lastAccessTime: { seconds: Date.now() / 1_000 },
        deploymentOptions: buildId === '' ? undefined : version(buildId),
      })),
      versioningInfo: { currentDeploymentVersion: version(current) },
    }),
    describeWorkerDeployment: () => ({
      workerDeploymentInfo: {
        routingConfig: { currentDeploymentVersion: version(current), rampingVersionPercentage: percent },
        versionSummaries: versions.map(([buildId, status]) => ({
          status,
          deploymentVersion: version(buildId),
        })),
      },
    }),
    countWorkflowExecutions: ({ query }: { query: string }) => ({
      count:
        versions.find(([buildId]) =>
          query.endsWith(`TemporalWorkerDeploymentVersion = 'd:${buildId}'`),
        )?.[2] ?? unversioned,
    }),
  };
  return { options: { namespace: 'default' }, workflowService } as unknown as Client;
}

const sideBySide: Situation = {
  polling: ['v1', 'v2'],
  current: 'v2',
  versions: [
    ['v2', CURRENT, 5],
    ['v1', DRAINING, 3],
  ],
};

describe('headway doctor', () => {
  it('is content without versions, and with workers for all that are needed', async () => {
    expect(await checkVersions(temporal({ polling: [''], versions: [] }), 'q')).toMatchObject({
      state: 'ok',
    });
    expect(await checkVersions(temporal(sideBySide), 'q')).toMatchObject({
      state: 'ok',
      found: 'd: version v2 current, version v1 draining',
    });
  });

  it('says that workflows wait for a version whose workers are gone', async () => {
    const found = await checkVersions(temporal({ ...sideBySide, polling: ['v2'] }), 'q');
    expect(found.state).toBe('wrong');
    expect(found.found).toBe('version v1 has no workers, and 3 running workflow(s) wait for them');
    expect(found.todo).toContain('HEADWAY_BUILD_ID=v1');
  });

  it('says that all workers have versions, and none is current', async () => {
    const found = await checkVersions(temporal({ polling: ['v1'], versions: [['v1', 1, 0]] }), 'q');
    expect(found.found).toBe('workers without a version is current, but has no workers');
    expect(found.todo).toContain('headway versions --use');
  });
});

describe('headway versions', () => {
  it('says which workers are needed', async () => {
    const lines = formatDeployments(await readDeployments(temporal(sideBySide), 'q'), 'q').split('\n');
    expect(lines[1]).toMatch(/^v2 +current +5 +1 +gets new jobs$/);
    expect(lines[2]).toMatch(/^v1 +draining +3 +1 +its workers are needed$/);
  });

  it('says when they can be stopped', async () => {
    const versions: Situation['versions'] = [
      ['v2', CURRENT, 5],
      ['v1', DRAINING, 0],
    ];
    const lines = formatDeployments(
      await readDeployments(temporal({ ...sideBySide, versions }), 'q'),
      'q',
    ).split('\n');
    expect(lines[2]).toMatch(/its workers can be stopped$/);
  });

  it('does not call a version drained that workflows still run on', async () => {
    const versions: Situation['versions'] = [
      ['v2', CURRENT, 5],
      ['v1', DRAINED, 1],
    ];
    const lines = formatDeployments(
      await readDeployments(temporal({ ...sideBySide, versions }), 'q'),
      'q',
    ).split('\n');
    expect(lines[2]).toMatch(/^v1 +draining +1 +1 +its workers are needed$/);
  });

  it.each([
    [10, 'gets new jobs'],
    [0, 'gets no jobs: --use'],
  ])('says of a version that is ramping with %s %% that it %s', async (percent, advice) => {
    const versions: Situation['versions'] = [
      ['v2', RAMPING, 0],
      ['v1', CURRENT, 3],
    ];
    const situation = { ...sideBySide, current: 'v1', versions, percent };
    const lines = formatDeployments(await readDeployments(temporal(situation), 'q'), 'q').split('\n');
    expect(lines[1]).toMatch(new RegExp(`^v2 +ramping ${percent}% +0 +1 +${advice}$`));
    const alone = await checkVersions(temporal({ ...situation, polling: ['v1'] }), 'q');
    expect(alone.state).toBe(percent > 0 ? 'wrong' : 'ok');
  });

  it('shows workers without a version while something runs there', async () => {
    const situation = { ...sideBySide, unversioned: 4, polling: ['v1', 'v2', ''] };
    const lines = formatDeployments(await readDeployments(temporal(situation), 'q'), 'q').split('\n');
    expect(lines[3]).toMatch(/^\(no version\) +draining +4 +1/);
  });
});
