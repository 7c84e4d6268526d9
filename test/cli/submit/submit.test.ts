import { submitCommand } from '../../../cli/commands/submit';
import { jobRequestFields } from '../../../contracts/job-request';
import { createContext } from '../support';
import { brief, file, input, run } from './submit-through';

test.each([
  ['an argument', [brief('a')]],
  ['an array as an argument', [`[${brief('a')}]`]],
])('a job comes from %s, and its id is printed', async (_, args) => {
  const { sent, stdout, exitCode, stderr } = await run(args);
  expect(sent).toEqual([{ id: 'a', pipeline: 'company-brief', input }]);
  expect([stdout, exitCode]).toEqual(['a\n', 0]);
  expect(stderr).toBe('Sent 1 job to the door.\n');
});

test('a person is told how to follow a job, a program is not', async () => {
  const hint = '`headway watch ID`';
  expect((await run([brief('a')], { watched: true })).stderr).toContain(hint);
  expect((await run([brief('a'), '--json'], { watched: true })).stderr).not.toContain(hint);
  expect((await run([brief('a'), '--wait'], { watched: true })).stderr).not.toContain(hint);
});

test.each([
  ['an object a line', `${brief('a')}\n\n${brief('b')}\r\n`],
  ['an object a line, with a byte order mark', `\ufeff${brief('a')}\n${brief('b')}`],
  ['an array', `[\n${brief('a')},\n${brief('b')}]\n`],
])('jobs come from a file with %s', async (_, text) => {
  expect((await run([file(text)])).stdout).toBe('a\nb\n');
  expect((await run(['-'], { stdin: [text.slice(0, 20), text.slice(20)] })).stdout).toBe('a\nb\n');
});

test('a file may hold one object over several lines', async () => {
  const text = JSON.stringify(JSON.parse(brief('a')), undefined, 2);
  expect((await run([file(text)])).stdout).toBe('a\n');
});

test('a job without an id gets one, by which it can be followed', async () => {
  const { stdout, sent } = await run([brief()]);
  expect(stdout).toMatch(/^[0-9a-f-]{36}\n$/);
  expect(sent).toMatchObject([{ id: stdout.trim() }]);
});

test('every field of a job request has an option', () => {
  const { options } = submitCommand(createContext().context);
  const named = options.map((option) => option.attributeName());
  expect(named).toEqual(expect.arrayContaining(Object.keys(jobRequestFields.shape)));
});

test('options make a job without JSON, but for its input', async () => {
  const { sent } = await run(
    [
      ...['--pipeline', 'company-brief', '--input', JSON.stringify(input), '--id', 'a', '--tenant', 't'],
      ...[
        '--priority',
        '1',
        '--deadline',
        '2026-01-31T08:00:00+01:00',
        '--max-cost-usd',
        '0.05',
        '--metadata',
        'k=v=w',
        '--metadata',
        'l=',
      ],
    ],
    { stdin: ['never read'] },
  );
  expect(sent).toEqual([
    {
      id: 'a',
      pipeline: 'company-brief',
      input,
      tenant: 't',
      priority: 1,
      deadline: '2026-01-31T07:00:00.000Z',
      maxCostUsd: 0.05,
      metadata: { k: 'v=w', l: '' },
    },
  ]);
});

test('--via http sends a job of a pipeline that is not installed here: the door decides', async () => {
  const unknown = brief('b', { pipeline: 'x' });
  const many = await run([file(`${brief('a')}\n${unknown}`), '--via', 'http']);
  expect(many.sent).toMatchObject([{ pipeline: 'company-brief' }, { id: 'b', pipeline: 'x', input }]);
  expect([many.exitCode, many.stdout]).toEqual([0, 'a\nb\n']);
  const piped = await run(['-', '--via', 'http'], { stdin: [brief(undefined, { pipeline: 'x' })] });
  expect(piped.sent).toMatchObject([{ id: piped.stdout.trim(), pipeline: 'x' }]);
});

test('a door that does not open within --timeout is a server that does not answer', async () => {
  const { exitCode, stderr } = await run([brief('a'), '--wait', '--timeout', '1s'], { closed: true });
  expect(exitCode).toBe(3);
  expect(stderr).toMatch(/^headway: Nothing was sent: .* within the --timeout\.\nHW_SERVER_UNREACHABLE: /);
});

test('who has to type the requests is told so, and a pipe is not', async () => {
  const stdin = [`${brief('a')}\n`];
  const typed = await run(['-'], { stdin, terminal: true });
  expect(typed).toMatchObject({ exitCode: 0, stdout: 'a\n' });
  expect(typed.stderr).toMatch(/^Reading job requests from the terminal, a line each; Ctrl-D ends\.\n/);
  expect((await run(['-'], { stdin })).stderr).not.toContain('terminal');
  expect((await run([], { terminal: true })).stderr).toContain('Nothing to submit');
});
