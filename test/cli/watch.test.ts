import { watchCommand } from '../../cli/commands/watch';
import { createLiveTable } from '../../cli/live-table';
import { runCli } from '../../cli/run-cli';
import { createWatchView } from '../../cli/watch-view';
import { FakeJobs, viewOf } from './fake-jobs';
import { createContext } from './support';

let jobs: FakeJobs;
beforeEach(() => (jobs = new FakeJobs()));

async function run(args: string[], stdin: string[] = []) {
  const { context, stdout, stderr } = createContext({}, stdin);
  const exitCode = await runCli(['watch', ...args], context, [(given) => watchCommand(given, jobs.open)]);
  return { exitCode, stdout: stdout(), stderr: stderr() };
}

test('in a pipe each change is a line, and the end is 1 when a job did not complete', async () => {
  jobs.put('a', { status: 'completed' });
  jobs.put('b', { status: 'failed' });
  const { stdout, exitCode } = await run(['a', 'b']);
  expect(stdout).toBe(
    'a  completed  7.5 s\nb  failed  7.5 s  HW_LLM_REFUSED at call-llm (2 attempts): it would not\n',
  );
  expect(exitCode).toBe(1);
});

test('--json prints the job, a line for each change', async () => {
  jobs.put('a', { status: 'completed' });
  const { stdout, exitCode } = await run(['a', '--json']);
  expect(stdout).toBe(`${JSON.stringify(viewOf('a'))}\n`);
  expect(exitCode).toBe(0);
});

test('ids come from standard input, as submit prints them with and without --json', async () => {
  jobs.put('a', { status: 'completed' });
  jobs.put('b', { status: 'completed' });
  const { stdout } = await run(['-'], ['a\n', '{"line":2,"id":"b"}\n']);
  expect(stdout).toBe('a  completed  7.5 s\nb  completed  7.5 s\n');
  const wrong = await run(['-'], ['a\n\n{"line":2}\n{']);
  expect(wrong).toMatchObject({ exitCode: 2 });
});

test('without ids those in progress are watched, and none is said', async () => {
  jobs.put('a', { status: 'completed' });
  jobs.pages = [[viewOf('a', { status: 'in_progress' })]];
  expect((await run([])).stdout).toBe('a  completed  7.5 s\n');
  expect(jobs.listed.map(({ status }) => status)).toEqual(['in_progress', 'queued']);
  jobs.pages = [];
  expect(await run([])).toMatchObject({ stdout: '', stderr: 'No job is in progress.\n', exitCode: 0 });
});

test('on a terminal the table is drawn where it was, cut to the screen, those that go on first', () => {
  let written = '';
  const stdout = {
    write: (text: string) => void (written += text),
    isTTY: true,
    columns: 30,
    rows: 5,
  };
  const { context } = createContext();
  const view = createWatchView(['a', 'b', 'c'], { ...context, stdout });
  view.show([{ id: 'a', view: viewOf('a'), over: true }]);
  expect(written).toBe('b\nc\n... and 2 more\n');
  written = '';
  view.show([{ id: 'b', view: viewOf('b', { status: 'in_progress', stage: 'enrich' }), over: false }]);
  expect(written).toBe('\x1b[3A\x1b[0Jb  in_progress  enrich\nc\n... and 2 more\n');
});

test('lines are as long as the terminal allows', () => {
  let written = '';
  const table = createLiveTable({ write: (text) => void (written += text), columns: 6 });
  table.draw(['1234567']);
  expect(written).toBe('12345\n');
});
