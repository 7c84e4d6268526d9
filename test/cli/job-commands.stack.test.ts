import type { JobView } from '../../contracts/job-view';
import { headway } from '../support/headway';
import { briefs } from '../support/rig';
import { useRig } from '../support/use-rig';

const rig = useRig();
const run = (...args: string[]) => headway(rig.env, args);

test('a job is watched, listed, looked at, cancelled and run again, each by a command', async () => {
  const [quick, refused] = [
    ...briefs(1, `${rig.name}-quick`),
    ...briefs(1, `${rig.name}-refused`, 'refusal'),
  ];
  const [slow] = briefs(1, `${rig.name}-slow`, 'latency=50000000');
  if (!quick || !refused || !slow) throw new Error('three jobs');
  await rig.produce([quick, refused, { ...slow, tenant: rig.name }]);
  await Promise.all([rig.startBridge(), rig.startWorker()]);

  const watched = await run('watch', quick.id, refused.id, '--json');
  expect(watched).toMatchObject({ code: 1, stderr: '' });
  const last = new Map(watched.stdout.split('\n').slice(0, -1).map(readView));
  expect(last.get(quick.id)).toBe('completed');
  expect(last.get(refused.id)).toBe('failed');

  const result = await run('result', quick.id, '--wait', '10s');
  expect(result).toMatchObject({ code: 0, stderr: '' });
  expect(rig.results.find(({ key }) => key === quick.id)?.result.output).toEqual(JSON.parse(result.stdout));
  const status = await run('status', refused.id);
  expect(status.stdout).toMatch(/^status +failed$/m);
  expect(status.stdout).toMatch(/^error +HW_LLM_REFUSED at call-llm/m);

  const listed = await run('list', '--tenant', rig.name, '--status', 'in_progress');
  expect(listed.stdout).toContain(slow.id);
  expect(listed.stdout).not.toContain(quick.id);
  expect(await run('cancel', slow.id, quick.id)).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(new RegExp(`^${slow.id} +cancelled\n${quick.id} +HW_JOB_ENDED: `)),
  });
  await rig.resultsFor([slow.id]);
  expect(await run('result', slow.id, '--wait', '20s')).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('is cancelled'),
  });

  expect(await run('retry', refused.id)).toMatchObject({ code: 0, stdout: `${refused.id}  runs again\n` });
  expect((await run('status', refused.id, '--json')).stdout).toContain('"run": 2');
});

test('a job that nobody knows is said to be unknown, with 1', async () => {
  expect(await run('status', `${rig.name}-nobody`)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('HW_JOB_UNKNOWN'),
  });
});

function readView(line: string): [string, string] {
  const { id, status } = JSON.parse(line) as JobView;
  return [id, status];
}
