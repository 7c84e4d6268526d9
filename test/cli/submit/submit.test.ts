import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { submitCommand } from '../../../cli/commands/submit';
import { runCli } from '../../../cli/run-cli';
import type { Door, JobEnd, Verdict } from '../../../cli/submit/door';
import { HeadwayError } from '../../../contracts/errors';
import { jobRequestFields } from '../../../contracts/job-request';
import { eventually } from '../../support/eventually';
import { resultOf } from '../fake-jobs';
import { createContext } from '../support';

const input = { company: 'Vantorp Steel', domain: 'vantorp.example', question: 'Who competes?' };
const brief = (id?: string, more: object = {}) =>
  JSON.stringify({ id, pipeline: 'company-brief', input, ...more });

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'headway-submit-'))));
afterAll(() => rmSync(folder, { recursive: true }));

function file(text: string): string {
  const path = join(folder, 'jobs.json');
  writeFileSync(path, text);
  return path;
}

interface DoorScript {
  refuse?: string[];
  /** The door fails while this one is being sent. */
  breakAt?: string;
  /** Standard input gives what it has, and then nothing, without an end. */
  quiet?: boolean;
  interrupt?: boolean;
  /** Somebody types it. */
  terminal?: boolean;
  /** Standard output is a terminal. */
  watched?: boolean;
  failed?: string[];
  /** The door hears that these ended, and not with what. */
  withoutResult?: string[];
  /** The door does not open until somebody interrupts that. */
  closed?: boolean;
  /** The door hears of the end of no job. */
  silent?: boolean;
}

async function run(args: string[], { stdin = [], ...script }: DoorScript & { stdin?: string[] } = {}) {
  const sent: object[] = [];
  let stop: AbortSignal | undefined;
  const door: Door = {
    name: 'the door',
    sendingAgain: 'Sending again is safe.',
    async *send(requests) {
      for await (const request of requests) {
        if (request.id === script.breakAt) {
          yield { request, unsure: true } satisfies Verdict;
          throw new HeadwayError('HW_RECORD_TOO_LARGE', 'too large');
        }
        const refused = script.refuse?.includes(request.id)
          ? { code: 'HW_JOB_ID_TAKEN', message: 'taken' }
          : undefined;
        if (!refused) sent.push(JSON.parse(request.json) as object);
        yield { request, refused } satisfies Verdict;
      }
    },
    async *ends() {
      await new Promise((resolve, reject) => {
        if (!script.silent) setImmediate(resolve);
        stop?.addEventListener('abort', () => reject(stop?.reason as Error));
      });
      for (const { id = '' } of sent as { id?: string }[]) {
        const status = script.failed?.includes(id) ? 'failed' : 'completed';
        yield {
          id,
          status,
          result: script.withoutResult?.includes(id) ? undefined : resultOf(id, status),
          message: status === 'failed' ? 'why' : undefined,
        } satisfies JobEnd;
      }
    },
    close: () => Promise.resolve(),
  };
  const env = { KAFKA_BROKERS: 'x:1', TEMPORAL_ADDRESS: 'x:1' };
  const { context, stdout, stderr, interrupt } = createContext(env, stdin);
  if (script.watched) Object.assign(context.stdout, { isTTY: true });
  if (script.terminal) Object.assign(context.stdin, { isTTY: true });
  if (script.quiet) {
    const input = new Readable({ read() {} });
    for (const text of stdin) input.push(text);
    context.stdin = input;
    if (script.interrupt) void eventually('the first is sent', () => sent.length > 0).then(interrupt);
  }
  const exitCode = await runCli(['submit', ...args], context, [
    (given) =>
      submitCommand(given, async (_options, _context, signal) => {
        stop = signal;
        if (script.closed)
          await new Promise((_, reject) =>
            signal.addEventListener('abort', () => reject(signal.reason as Error)),
          );
        return door;
      }),
  ]);
  return { exitCode, sent, stdout: stdout(), stderr: stderr() };
}

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

test.each([
  ['broken JSON', `${brief('a')}\n{"pipeline": oops}\n`, /^line 2 is not JSON: /m],
  ['broken JSON in the first line', `{"pipeline": oops}\n${brief('a')}\n`, /line 1 is not JSON: /],
  ['broken JSON in an array', `[\n${brief('a')},\n\n{"id": ]`, /line 4 is not JSON: /],
  ['a missing field', `${brief('a')}\n{"id":"b","input":{}}`, /^line 2: pipeline: /m],
  ['a wrong input', `[${brief('a', { input: { company: 1 } })}]`, /^item 1: input\.company: /m],
  ['a wrong id', `${brief(' a')}\n${brief('b')}`, /^line 1: id: must not contain control characters/m],
  [
    'an unknown pipeline',
    brief('a', { pipeline: 'x' }),
    /"x" is not installed; known: company-brief, document-triage$/m,
  ],
  [
    'an id that was there',
    `${brief('a')}\n${brief('b')}\n${brief('a')}`,
    /^line 3: id: line 1 has the id a too$/m,
  ],
  [
    'a number that would change',
    brief('a').replace('1}', '1}').replace('"company"', '"n":12345678901234567890,"company"'),
    /cannot be kept exactly/,
  ],
  ['no UTF-8', Buffer.from([...Buffer.from(brief('a')), 0x0a, 0xff]).toString('latin1'), /./],
])(
  '%s in a file: nothing is sent, the line and the field are named, and it ends with 2',
  async (what, text, sentence) => {
    const path = file(text);
    if (what === 'no UTF-8') writeFileSync(path, Buffer.from(text, 'latin1'));
    const { exitCode, sent, stdout, stderr } = await run([path]);
    expect(stderr).toMatch(what === 'no UTF-8' ? /^line 2 is not valid UTF-8$/m : sentence);
    expect([exitCode, sent, stdout]).toEqual([2, [], '']);
  },
);

test('--via http sends a job of a pipeline that is not installed here: the door decides', async () => {
  const unknown = brief('b', { pipeline: 'x' });
  const many = await run([file(`${brief('a')}\n${unknown}`), '--via', 'http']);
  expect(many.sent).toMatchObject([{ pipeline: 'company-brief' }, { id: 'b', pipeline: 'x', input }]);
  expect([many.exitCode, many.stdout]).toEqual([0, 'a\nb\n']);
  const piped = await run(['-', '--via', 'http'], { stdin: [brief(undefined, { pipeline: 'x' })] });
  expect(piped.sent).toMatchObject([{ id: piped.stdout.trim(), pipeline: 'x' }]);
});

test.each([
  ['the envelope', { priority: 9 }, /priority: /],
  ['an id of a pack', { id: 'x-jobs-queue-0-1-2' }, /id: /],
])('--via http refuses what is wrong with %s of such a job', async (_, fields, sentence) => {
  const job = brief('b', { pipeline: 'x', ...fields });
  const { exitCode, sent, stderr } = await run([job, '--via', 'http']);
  expect([exitCode, sent]).toEqual([2, []]);
  expect(stderr).toMatch(sentence);
});

test('each wrong line of a file is named, the first ten', async () => {
  const { stderr } = await run([file('{}\n'.repeat(12))]);
  expect(stderr.match(/^line \d+: /gm)).toHaveLength(10);
  expect(stderr).toContain('... and 2 more');
});

test('a wrong line on standard input is left out and told of, and the end is 1', async () => {
  const { exitCode, stdout, stderr } = await run(['--json'], {
    stdin: [`${brief('a')}\nno\n`, `${brief('b')}\n`],
  });
  expect(exitCode).toBe(1);
  expect(
    stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object),
  ).toEqual([
    { line: 1, id: 'a' },
    {
      line: 2,
      problem: { code: 'HW_RECORD_NOT_JSON', message: expect.stringContaining('line 2 is not JSON') },
    },
    { line: 3, id: 'b' },
  ]);
  expect(stderr).toContain('Sent 2 jobs to the door, 1 request left out.');
});

test('a job that the door refuses is told of, and the end is 1', async () => {
  const { exitCode, stdout, stderr } = await run([file(`${brief('a')}\n${brief('b')}`)], { refuse: ['a'] });
  expect([exitCode, stdout]).toEqual([1, 'b\n']);
  expect(stderr).toContain('headway: line 1: HW_JOB_ID_TAKEN: taken\n');
});

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

test('a door that does not open within --timeout is a server that does not answer', async () => {
  const { exitCode, stderr } = await run([brief('a'), '--wait', '--timeout', '1s'], { closed: true });
  expect(exitCode).toBe(3);
  expect(stderr).toMatch(/^headway: Nothing was sent: .* within the --timeout\.\nHW_SERVER_UNREACHABLE: /);
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

test.each([
  [
    ['nothing.json'],
    "headway: The file 'nothing.json' cannot be read: there is no such file (ENOENT). (A job request as JSON begins with { or [.)\nHW_FILE_UNREADABLE: Correct the path",
  ],
  [[join(__filename, 'x')], 'cannot be read: a part of its path is no folder (ENOTDIR)'],
  [[tmpdir()], `The file '${tmpdir()}' cannot be read: it is a folder.`],
  [['[]'], 'There is no job request in the argument.'],
  [['-'], 'There is no job request in standard input.'],
  [['--input', '{}'], '--pipeline must be given with --input'],
  [['--pipeline', 'company-brief'], '--input must be given with --pipeline'],
  [['--pipeline', 'company-brief', '--input', '{'], '--input must be a JSON object'],
  [[brief('a'), '--tenant', 't'], '--tenant makes a job request of its own'],
  [
    ['--pipeline', 'company-brief', '--input', '{}', '--deadline', 'soon'],
    '--deadline must be a time such as',
  ],
  [['--max-cost-usd', '-1'], "argument '-1' is invalid. It must be an amount in US dollars"],
  [['--metadata', 'x'], "argument 'x' is invalid. It must be a key and a value"],
  [['--via', 'mail', brief('a')], 'Allowed choices are kafka, http'],
  [[brief('a'), '--timeout', '5s'], '--timeout must come with --wait'],
])('%p is refused with 2', async (args, sentence) => {
  const { exitCode, stderr, sent } = await run(args);
  expect(stderr).toContain(sentence);
  expect([exitCode, sent]).toEqual([2, []]);
});

test('who has to type the requests is told so, and a pipe is not', async () => {
  const stdin = [`${brief('a')}\n`];
  const typed = await run(['-'], { stdin, terminal: true });
  expect(typed).toMatchObject({ exitCode: 0, stdout: 'a\n' });
  expect(typed.stderr).toMatch(/^Reading job requests from the terminal, a line each; Ctrl-D ends\.\n/);
  expect((await run(['-'], { stdin })).stderr).not.toContain('terminal');
  expect((await run([], { terminal: true })).stderr).toContain('Nothing to submit');
});
