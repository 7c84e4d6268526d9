import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brief, file, run } from './submit-through';

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
