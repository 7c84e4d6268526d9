import type { Client } from '@temporalio/client';
import { changeRouting } from '../../cli/versions/change-routing';

const deployment = {
  deployment: 'd',
  versions: [
    { buildId: 'v2', state: 'ramping', percent: 10, running: 0, workers: 1 },
    { buildId: 'v1', state: 'current', running: 0, workers: 1 },
  ] as const,
};

/** What is said to a server that answers that so much of the new jobs goes to a ramping version after the change. */
async function said(change: Parameters<typeof changeRouting>[2], rampingVersionPercentage: number | Error) {
  const requests: object[] = [];
  const note = (what: string) => (request: { buildId: string; percentage?: number }) => {
    const { buildId, percentage } = request;
    requests.push({ [what]: buildId, ...(percentage !== undefined && { percentage }) });
    return Promise.resolve();
  };
  const client = {
    options: { namespace: 'default' },
    withDeadline: (_: number, work: () => Promise<unknown>) => work(),
    workflowService: {
      setWorkerDeploymentCurrentVersion: note('current'),
      setWorkerDeploymentRampingVersion: note('ramping'),
      describeWorkerDeployment: () =>
        rampingVersionPercentage instanceof Error
          ? Promise.reject(rampingVersionPercentage)
          : Promise.resolve({ workerDeploymentInfo: { routingConfig: { rampingVersionPercentage } } }),
    },
  } as unknown as Client;
  await changeRouting(client, { ...deployment, versions: [...deployment.versions] }, change);
  return requests;
}

test('who goes back in the middle of a ramp ends it', async () => {
  expect(await said({ buildId: 'v1' }, 10)).toEqual([{ current: 'v1' }, { ramping: '', percentage: 0 }]);
  expect(await said({}, 10)).toEqual([{ current: '' }, { ramping: '', percentage: 0 }]);
});

test('where no ramp is left there is none to end', async () => {
  expect(await said({ buildId: 'v2' }, 0)).toEqual([{ current: 'v2' }]);
});

test('a share changes nothing but the share', async () => {
  expect(await said({ buildId: 'v2', percent: 10 }, 10)).toEqual([{ ramping: 'v2', percentage: 10 }]);
});

test('a ramp that may be left is told of, with the version that is current all the same', async () => {
  const outcome = said({ buildId: 'v1' }, new Error('gone away'));
  await expect(outcome).rejects.toMatchObject({
    code: 'HW_SERVER_UNREACHABLE',
    message: expect.stringMatching(/^The version is current, but .*: gone away\. Say it again\.$/) as string,
  });
});
