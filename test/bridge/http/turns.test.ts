import type { Caller } from '../../../bridge/http/authentication';
import { createSubmitter } from '../../../bridge/http/submit';
import type { JobRequest } from '../../../contracts/job-request';
import { pipelineNamed } from '../../../pipelines/registry';
import { createMetrics, httpMetrics } from '../../../runtime/metrics';
import { createFakeJobs } from './fake-jobs';
import { brief } from './support';

const caller = (name: string): Caller => ({ name, scopes: ['submit'] });

/** Starts one job at a time, none before `open`. */
function closedSubmitter() {
  const jobs = createFakeJobs();
  let open = (): void => undefined;
  const gate = new Promise<void>((resolve) => (open = resolve));
  jobs.beforeStart = () => gate;
  const submit = createSubmitter({
    ...{ jobsOf: (tenant) => jobs.of(tenant), pipelineNamed, concurrency: 1 },
    metrics: httpMetrics(createMetrics('http')),
  });
  const send = (name: string, id: string, patient = false) =>
    submit(caller(name), brief({ id }) as unknown as JobRequest, { patient });
  return { send, open, order: () => jobs.started.map(({ id }) => id) };
}

const many = (count: number, what: (index: number) => Promise<unknown>) =>
  Promise.all(Array.from({ length: count }, (_, index) => what(index)));

test.each(['another key', 'the same key'])(
  'a request with %s is neither refused for the lines of batches that wait, nor waits behind them',
  async (which) => {
    const { send, open, order } = closedSubmitter();
    const lines = many(600, (index) => send('one', `line-${index}`, true));
    const single = send(which === 'the same key' ? 'one' : 'another', 'single');
    open();
    expect(await single).toMatchObject({ created: true });
    await lines;
    expect(order().indexOf('single')).toBeLessThan(3);
    expect(order()).toHaveLength(601);
  },
);

test('requests of two keys are served in turn', async () => {
  const { send, open, order } = closedSubmitter();
  const first = many(100, (index) => send('one', `one-${index}`));
  const second = many(2, (index) => send('two', `two-${index}`));
  open();
  await Promise.all([first, second]);
  expect(order().indexOf('two-1')).toBeLessThan(6);
});

test('beyond 500 waiting requests another one is to be sent again later; a batch waits', async () => {
  const { send, open, order } = closedSubmitter();
  // One is being started.
  const waiting = many(501, (index) => send('one', `one-${index}`));
  await expect(send('two', 'refused')).rejects.toMatchObject({ code: 'HW_OVERLOADED' });
  const line = send('two', 'line', true);
  open();
  await Promise.all([waiting, line]);
  expect(order()).toHaveLength(502);
});
