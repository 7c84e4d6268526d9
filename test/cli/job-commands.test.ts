import { cancelCommand } from '../../cli/commands/cancel';
import { listCommand } from '../../cli/commands/list';
import { pipelinesCommand } from '../../cli/commands/pipelines';
import { resultCommand } from '../../cli/commands/result';
import { retryCommand } from '../../cli/commands/retry';
import { statusCommand } from '../../cli/commands/status';
import { runCli } from '../../cli/run-cli';
import { HeadwayError } from '../../contracts/errors';
import { FakeJobs, resultOf, unknownJob, viewOf } from './fake-jobs';
import { createContext } from './support';

let jobs: FakeJobs;
beforeEach(() => (jobs = new FakeJobs()));

async function run(...args: string[]) {
  const { context, stdout, stderr } = createContext();
  const makers = [statusCommand, resultCommand, cancelCommand, retryCommand, listCommand];
  const exitCode = await runCli(args, context, [
    ...makers.map((make) => (given: typeof context) => make(given, jobs.open)),
    pipelinesCommand,
  ]);
  return { exitCode, stdout: stdout(), stderr: stderr() };
}

describe('status', () => {
  test('says where a job stands, what failed last and when it goes on', async () => {
    jobs.put('a', {
      status: 'in_progress',
      stage: 'call-llm',
      attempts: 2,
      nextAttemptAt: '2026-01-31T08:01:05.000Z',
      lastError: { type: 'HW_LLM_RATE_LIMITED', message: 'too many' },
    });
    const { stdout, exitCode } = await run('status', 'a');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^status +in_progress$/m);
    expect(stdout).toMatch(/^stage +call-llm, attempt 2, again at 08:01:05 UTC$/m);
    expect(stdout).toMatch(/^last error +HW_LLM_RATE_LIMITED: too many$/m);
  });

  test('says why a job failed, in which run, and after what time', async () => {
    jobs.put('a', { status: 'failed', run: 2 });
    const { stdout } = await run('status', 'a');
    expect(stdout).toMatch(/^status +failed, run 2$/m);
    expect(stdout).toMatch(/^error +HW_LLM_REFUSED at call-llm \(2 attempts\): it would not$/m);
    expect(stdout).toMatch(/^ended +2026-01-31T08:00:07.500Z, after 7.5 s$/m);
  });

  test('as JSON is the job as the HTTP door shows it', async () => {
    jobs.put('a', { status: 'completed' });
    expect(JSON.parse((await run('status', 'a', '--json')).stdout)).toEqual(viewOf('a'));
  });

  test('of a job nobody knows ends with 1 and the code', async () => {
    const { exitCode, stderr } = await run('status', 'a');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^headway: .*job a\nHW_JOB_UNKNOWN: .*headway audit/);
  });

  test.each([
    ['', 'A job id must not be empty'],
    ['x'.repeat(201), 'A job id must be at most 200 bytes of UTF-8'],
    [' x', 'A job id must not contain control characters, nor begin or end with white space'],
  ])('refuses %p, which no job has as its id', async (id, sentence) => {
    const { exitCode, stderr } = await run('status', id);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(sentence);
    expect(jobs.asked).toEqual([]);
  });
});

describe('result', () => {
  test('prints the output, and with --full the whole result', async () => {
    jobs.put('a', { status: 'completed' });
    const output = await run('result', 'a');
    expect(JSON.parse(output.stdout)).toEqual({ summary: 'about a' });
    expect(output.exitCode).toBe(0);
    expect(JSON.parse((await run('result', 'a', '--full')).stdout)).toEqual(resultOf('a', 'completed'));
  });

  test('of a failed job is no output but the reason, and ends with 1', async () => {
    jobs.put('a', { status: 'failed' });
    const { stdout, stderr, exitCode } = await run('result', 'a');
    expect([stdout, exitCode]).toEqual(['', 1]);
    expect(stderr).toBe('headway: job a is failed: HW_LLM_REFUSED at call-llm (2 attempts): it would not\n');
    const full = await run('result', 'a', '--full');
    expect(JSON.parse(full.stdout)).toMatchObject({ status: 'failed' });
    expect(full.exitCode).toBe(1);
  });

  test('that no worker tells is an error with its code, and ends with 3', async () => {
    jobs.put('a', { status: 'completed', result: undefined });
    for (const options of [[], ['--full']]) {
      const { stdout, stderr, exitCode } = await run('result', 'a', ...options);
      expect([stdout, exitCode]).toEqual(['', 3]);
      expect(stderr).toMatch(/^headway: Job a has completed, and no worker .* its result\.\nHW_NO_WORKER: /);
    }
  });

  test('of a job that has not ended is an error with its code', async () => {
    jobs.put('a', { status: 'in_progress', stage: 'enrich' });
    const { stderr, exitCode } = await run('result', 'a');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('Job a has not ended yet: it is in_progress.\nHW_JOB_RUNNING');
  });

  test('--wait is patient with a job that nobody knows yet', async () => {
    jobs.put('a', unknownJob('a'), unknownJob('a'), { status: 'queued' }, { status: 'completed' });
    const { stdout } = await run('result', 'a', '--wait', '10s');
    expect(JSON.parse(stdout)).toEqual({ summary: 'about a' });
  });

  test('--wait takes durations only', async () => {
    const { exitCode, stderr } = await run('result', 'a', '--wait', 'long');
    expect(exitCode).toBe(2);
    expect(stderr).toContain("option '--wait <duration>' argument 'long' is invalid. It must be a duration");
  });
});

describe.each(['cancel', 'retry'])('%s', (command) => {
  test('one that cannot be helped does not keep the others from it, and ends with 1', async () => {
    jobs.put('a', new HeadwayError('HW_JOB_ENDED', 'job a has ended'));
    jobs.put('b', { status: 'in_progress' });
    const { stdout, exitCode } = await run(command, 'a', 'b', 'a');
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^a {2}HW_JOB_ENDED: job a has ended\nb {2}(cancelled|runs again)\n$/);
    expect(jobs.asked).toEqual(['a', 'b']);
  });

  test('shows no password that a message quotes, in neither form', async () => {
    jobs.put('a', new HeadwayError('HW_UNAVAILABLE', 'postgres://team:geheim@db/jobs does not answer'));
    jobs.put('b', { status: 'in_progress' });
    for (const form of [[], ['--json']]) {
      const { stdout } = await run(command, 'a', 'b', ...form);
      expect(stdout).toContain('HW_UNAVAILABLE');
      expect(stdout).not.toContain('geheim');
    }
  });

  test('a server that is away ends it with 3, also for several jobs', async () => {
    for (const id of ['a', 'b']) {
      jobs.put(id, new HeadwayError('HW_SERVER_UNREACHABLE', 'Temporal does not answer'));
    }
    expect(await run(command, 'a')).toMatchObject({ exitCode: 3, stdout: '' });
    expect(await run(command, 'a', 'b')).toMatchObject({ exitCode: 3, stdout: '' });
  });

  test.each([
    ['HW_NO_WORKER', 'no worker took it'],
    ['HW_SERVER_UNREACHABLE', 'Temporal does not answer'],
  ] as const)('%s of one job keeps no other from it, and ends with 3', async (code, message) => {
    jobs.put('a', new HeadwayError(code, message));
    jobs.put('b', { status: 'in_progress' });
    const { stdout, exitCode } = await run(command, 'a', 'b', 'nobody');
    expect(exitCode).toBe(3);
    expect(stdout).toContain(`a       ${code}: ${message}\nb       `);
    expect(stdout).toMatch(/^b +(cancelled|runs again)$/m);
    expect(stdout).toMatch(/^nobody +HW_JOB_UNKNOWN/m);
  });
});

describe('list', () => {
  test('goes on over empty pages until it has enough', async () => {
    jobs.pages = [[viewOf('a')], [], [viewOf('b', { status: 'failed', tenant: 'research' }), viewOf('c')]];
    const { stdout, stderr } = await run('list', '--limit', '2');
    expect(stdout).toMatch(/^job +pipeline +tenant +status +stage +received +took\n/);
    expect(stdout).toMatch(/^b +company-brief +research +failed +- +2026-01-31T08:00:00Z +7.5 s$/m);
    expect(stdout).not.toMatch(/^c/m);
    expect(stderr).toBe('');
  });

  test('refuses a limit of 0, which would look as if there were no jobs', async () => {
    jobs.pages = [[viewOf('a')]];
    const { exitCode, stderr } = await run('list', '--limit', '0');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('at least 1');
  });

  test('says that there are more', async () => {
    jobs.pages = [[viewOf('a')], [viewOf('b')]];
    expect((await run('list', '--limit', '1')).stderr).toContain('more than 1: --limit');
    expect(JSON.parse((await run('list', '--limit', '1', '--json')).stdout)).toMatchObject({
      jobs: [{ id: 'a' }],
      more: true,
    });
  });

  test('asks for what was asked for', async () => {
    jobs.pages = [[]];
    const { stderr } = await run('list', '--status', 'failed', '--tenant', 't', '--since', '2026-01-31');
    expect(jobs.listed).toMatchObject([{ status: 'failed', tenant: 't', since: Date.UTC(2026, 0, 31) }]);
    expect(stderr).toBe('No such jobs.\n');
  });

  test.each([
    [['--status', 'done'], 'Allowed choices are queued, in_progress'],
    [['--since', '1h', '--until', '2h'], '--since must be a time before that of --until'],
    [['--since', 'monday'], '--since must be a time such as'],
  ])('refuses %p', async (args, sentence) => {
    const { exitCode, stderr } = await run('list', ...args);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(sentence);
  });
});

describe('pipelines', () => {
  test('are named, and described by JSON Schemas', async () => {
    expect((await run('pipelines')).stdout).toBe('company-brief\ndocument-triage\n');
    const described = JSON.parse((await run('pipelines', 'company-brief')).stdout) as object;
    expect(described).toMatchObject({
      name: 'company-brief',
      request: { required: ['company', 'domain', 'question'] },
      response: { type: 'object' },
    });
    expect(JSON.parse((await run('pipelines', '--json')).stdout)).toMatchObject({
      pipelines: [described, { name: 'document-triage' }],
    });
  });

  test('an unknown one is refused, with the known ones', async () => {
    const { exitCode, stderr } = await run('pipelines', 'nonsense');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('"nonsense" is not installed; known: company-brief');
  });
});
