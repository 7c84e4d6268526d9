import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inHandOfFlink } from '../../../bench/contenders/flink-in-hand';

let server: Server;
let answers: Record<string, unknown>;

beforeEach(async () => {
  server = createServer(({ url = '' }, response) => {
    const answer = answers[decodeURIComponent(url)];
    response.statusCode = answer === undefined ? 404 : 200;
    response.end(JSON.stringify(answer ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(() => new Promise((resolve) => server.close(resolve)));

const address = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const metrics = '/jobs/j/vertices/v/subtasks/metrics';

describe('what Flink has in hand', () => {
  it('is the sum over the instances of its operator', async () => {
    answers = {
      '/jobs': { jobs: [{ id: 'j' }] },
      '/jobs/j': { state: 'RUNNING', vertices: [{ id: 'v' }] },
      [metrics]: [{ id: 'numRecordsIn' }, { id: 'async_wait.jobsInHand' }],
      [`${metrics}?get=async_wait.jobsInHand&agg=sum`]: [{ id: 'async_wait.jobsInHand', sum: 70 }],
    };

    await expect(inHandOfFlink(address())).resolves.toBe(70);
  });

  it('is everything while the job does not run: it is in its checkpoint', async () => {
    answers = {
      '/jobs': { jobs: [{ id: 'j' }] },
      '/jobs/j': { state: 'RESTARTING', vertices: [{ id: 'v' }] },
    };

    await expect(inHandOfFlink(address())).resolves.toBe(Infinity);
  });

  it('is everything while the job has not told a figure yet', async () => {
    answers = {
      '/jobs': { jobs: [{ id: 'j' }] },
      '/jobs/j': { state: 'RUNNING', vertices: [{ id: 'v' }] },
      [metrics]: [],
    };

    await expect(inHandOfFlink(address())).resolves.toBe(Infinity);
  });

  it('is never taken for nothing when Flink does not answer', async () => {
    answers = {};

    await expect(inHandOfFlink(address())).rejects.toThrow('Flink answered 404');
  });
});
