import { resultOf } from '../fake-jobs';
import { brief, file, run } from './submit-through';

test('--wait prints the output of a single job, a line for each of several, and 1 when one failed', async () => {
  const one = await run([brief('a'), '--wait']);
  expect(JSON.parse(one.stdout)).toEqual({ summary: 'about a' });
  expect(one.exitCode).toBe(0);
  const two = await run([`[${brief('a')},${brief('b')}]`, '--wait'], { failed: ['b'] });
  expect(two).toMatchObject({ exitCode: 1, stdout: 'a  completed  7.5 s\nb  failed  7.5 s  why\n' });
  expect(two.stderr).toBe('Sent 2 jobs to the door; 1 completed, 1 ended otherwise.\n');
});

test('--wait --json prints whole results, a line each', async () => {
  const { stdout } = await run([brief('a'), '--wait', '--json']);
  expect(JSON.parse(stdout)).toEqual(resultOf('a', 'completed'));
});

test.each([
  ['a single job', brief('a'), [], ''],
  ['JSON', `[${brief('a')},${brief('b')}]`, ['--json'], '{"id":"a","status":"completed"}'],
])(
  '--wait for %s ends with 3, and puts nothing in place of a result that nobody told',
  async (_, job, options, line) => {
    const { exitCode, stdout, stderr } = await run([job, '--wait', ...options], { withoutResult: ['a'] });
    expect([exitCode, stdout.split('\n')[0]]).toEqual([3, line]);
    expect(stderr).toContain('headway: job a has completed, and no worker was there to tell its result; ');
  },
);

test('--wait for several jobs, of which it prints no output, needs no results', async () => {
  const jobs = `[${brief('a')},${brief('b')}]`;
  const { exitCode, stdout, stderr } = await run([jobs, '--wait'], { withoutResult: ['a'] });
  expect([exitCode, stdout]).toEqual([0, 'a  completed\nb  completed  7.5 s\n']);
  expect(stderr).not.toContain('no worker');
});

test('Ctrl-C and --timeout end it while standard input is quiet, and what was sent is told', async () => {
  const stdin = [`${brief('a')}\n`];
  const interrupted = await run(['-'], { stdin, quiet: true, interrupt: true });
  expect(interrupted).toMatchObject({ exitCode: 130, stdout: 'a\n' });
  expect(interrupted.stderr).toContain('Sent 1 job to the door, nothing from line 2 on.');
  const late = await run(['-', '--wait', '--timeout', '1s'], { stdin, quiet: true });
  expect(late.exitCode).toBe(1);
  const silent = await run(['-', '--wait', '--timeout', '1s'], { quiet: true });
  expect(silent).toMatchObject({ exitCode: 1, stdout: '' });
});

test.each([
  ['--timeout', { quiet: false }, 1],
  ['Ctrl-C', { quiet: true, interrupt: true }, 130],
])('--wait that %s stops tells of each job that has not ended', async (how, script, code) => {
  const stdin = [`${brief()}\n${brief()}\n`];
  const timeout = how === '--timeout' ? ['--timeout', '1s'] : [];
  const asJson = await run(['-', '--wait', '--json', ...timeout], { stdin, silent: true, ...script });
  expect(asJson.exitCode).toBe(code);
  const ids = asJson.sent.map((job) => (job as { id: string }).id);
  expect(ids).toHaveLength(2);
  const open = asJson.stdout.split('\n').filter((line) => line.includes('"open"'));
  expect(open.map((line) => JSON.parse(line) as object)).toEqual(ids.map((id) => ({ id, open: true })));

  const asText = await run(['-', '--wait', ...timeout], {
    stdin: [`${brief('a')}\n${brief('b')}\n`],
    silent: true,
    ...script,
  });
  expect(asText.stdout).toBe('a  not ended\nb  not ended\n');
});

test('--wait for a single job that stops tells of it on standard error, as its output has standard output', async () => {
  const { exitCode, stdout, stderr } = await run([brief('a'), '--wait', '--timeout', '1s'], { silent: true });
  expect([exitCode, stdout]).toEqual([1, '']);
  expect(stderr).toContain('headway: 1 job not ended yet; they go on.\nheadway: job a has not ended\n');
});

test('--wait tells of what was sent and has not ended when the door fails', async () => {
  const jobs = ['a', 'b'].map((id) => brief(id)).join('\n');
  const broken = await run([file(jobs), '--wait'], { breakAt: 'b', silent: true });
  expect(broken).toMatchObject({ exitCode: 3, stdout: 'a  not ended\n' });
});

test('when the door fails each job is told once: sent, unsure with its id, or not sent', async () => {
  const jobs = ['a', 'b', 'c', 'd'].map((id) => brief(id)).join('\n');
  const broken = await run([file(jobs), '--json'], { breakAt: 'b' });
  expect(broken.exitCode).toBe(3);
  expect(broken.stdout).toBe(
    '{"line":1,"id":"a"}\n{"line":2,"id":"b","unsure":true}\n{"notSentFromLine":3}\n',
  );
  expect(broken.stderr).toContain('headway: line 2: job b may have been sent or not\n');
  expect(broken.stderr).toContain(
    'Sent 1 job to the door, 1 job that may have been sent or not, nothing from line 3 on (2 jobs).',
  );
  expect(broken.stderr).toContain(
    '`headway status ID` says whether a job has arrived. Sending again is safe.',
  );
});
