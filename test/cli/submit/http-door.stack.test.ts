import { startProcess } from '../../support/processes';
import { headway } from '../../support/headway';
import { briefs, idsOf } from '../../support/rig';
import { useRig } from '../../support/use-rig';

const rig = useRig();

test('--via http sends through the HTTP door and waits there; the same id for another request is refused', async () => {
  const door = startProcess('bridge/http/main.js', { ...rig.env, HTTP_PORT: '0' });
  const [line] = await Promise.all([door.logged(/HTTP door is up|listening/i), rig.startWorker()]);
  const HEADWAY_URL = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0] ?? '';
  const env = { ...rig.env, HEADWAY_URL };
  const jobs = briefs(20, rig.name);
  const text = jobs.map((job) => `${JSON.stringify(job)}\n`).join('');
  const run = await headway(env, ['submit', '-', '--via', 'http', '--wait'], text);
  expect(run.stderr).toBe(`Sent 20 jobs to ${HEADWAY_URL}; 20 completed, 0 ended otherwise.\n`);
  expect(run.code).toBe(0);
  const told = run.stdout
    .trim()
    .split('\n')
    .map((one) => one.split(' ')[0]);
  expect(told.sort()).toEqual(idsOf(jobs).sort());

  const other = JSON.stringify({ ...jobs[0], priority: 1 });
  const refused = await headway(env, ['submit', other, '--via', 'http']);
  expect(refused).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('HW_JOB_ID_TAKEN') });
});
