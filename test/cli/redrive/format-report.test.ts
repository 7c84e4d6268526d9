import type { RedriveReport } from '../../../bridge/kafka/redrive/redrive';
import type { RetryFailedReport } from '../../../bridge/kafka/redrive/retry-failed';
import { formatRedrive, formatRetryFailed, toJson } from '../../../cli/redrive/format-report';

const topics = { queue: 'jobs', deadLetters: 'dlq', parking: 'parked' };
const report: RedriveReport = {
  dryRun: false,
  interrupted: false,
  letters: 1_200,
  selected: 5,
  sent: { queue: 2, parking: 1 },
  kept: { alreadySent: 2, otherTopic: 0, withoutValue: 0, tooLarge: 0 },
  groups: [
    { code: 'HW_JOB_INVALID', pipeline: 'brief', letters: 2 },
    { code: 'HW_RECORD_NOT_JSON', letters: 1 },
  ],
  examples: [{ partition: 1, offset: 7, code: 'HW_JOB_INVALID', reason: 'input: no', to: 'queue' }],
};

const failed: RetryFailedReport = {
  dryRun: false,
  interrupted: false,
  failed: 3,
  selected: 2,
  started: 1,
  kept: { HW_JOB_RUNNING: 1 },
  groups: [{ code: 'HW_LLM_REFUSED', pipeline: 'brief', jobs: 1 }],
  examples: [],
};

test('what went, what stayed and why', () => {
  expect(formatRedrive(report, topics)).toBe(`Dead letters in dlq: 1,200, of which match: 5

Sent back to jobs: 2

Parked in parked: 1

code                pipeline  letters
HW_JOB_INVALID      brief           2
HW_RECORD_NOT_JSON  -               1

Left where they are:
  2 sent before; --again sends their records once more`);
});

test('a dry run says so, and names some; an interrupted one says how to go on', () => {
  const text = formatRedrive({ ...report, dryRun: true, interrupted: true }, topics);
  expect(text).toContain('Would be sent back to jobs: 2');
  expect(text).toContain('Would be parked in parked: 1');
  expect(text).toContain('For example:\n  1:7  HW_JOB_INVALID  input: no');
  expect(text).toContain('Interrupted: run it again');
});

test('an interrupted run that sends letters once more does not say that running it again sends nothing twice', () => {
  const began = '2026-01-31T12:00:00.000Z';
  const text = formatRedrive({ ...report, interrupted: true }, topics, began);
  expect(text).toContain(`Interrupted: run it with --again-before ${began} to go on.`);
  expect(text).not.toContain('Nothing is sent twice');
});

test('what a record or a result says of itself is text only, and widens no row', () => {
  const evil = `a\u001b[2J\nb${'x'.repeat(1_000_000)}`;
  const groups = [{ code: evil, pipeline: evil, letters: 1 }];
  const examples = report.examples.map((one) => ({ ...one, code: evil, reason: 'no\u001b[2J\nb' }));
  const jobs = [{ jobId: 'a\nb', code: 'c\u009b', reason: 'no\u001b[2J\nb' }];
  for (const text of [
    formatRedrive({ ...report, dryRun: true, groups: [...report.groups, ...groups], examples: [] }, topics),
    formatRetryFailed({ ...failed, dryRun: true, groups: [{ code: evil, pipeline: evil, jobs: 1 }] }),
  ]) {
    expect(text).not.toMatch(/[\u001b\u009b]/);
    expect(text).toContain('a\\u001b[2J\\nbxxx');
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThan(200);
  }
  for (const text of [
    formatRedrive({ ...report, dryRun: true, examples }, topics),
    formatRetryFailed({ ...failed, dryRun: true, examples: jobs }),
  ]) {
    expect(text).not.toMatch(/[\u001b\u009b]/);
    expect(text).toMatch(/^  .*no\\u001b\[2J\\nb$/m);
  }
});

test('failed jobs, and why some are not run again', () => {
  const text = formatRetryFailed(failed);
  expect(text).toContain('failed: 3, of which match: 2\n\nRun again: 1');
  expect(text).toContain('\n\nNot run again:\n  1 HW_JOB_RUNNING');
});

test('as JSON a dry run has started and sent nothing, and says what it would have', () => {
  const retried = {
    interrupted: false,
    failed: 3,
    selected: 2,
    started: 2,
    kept: {},
    groups: [],
    examples: [],
  };
  expect(toJson({ ...retried, dryRun: true })).toMatchObject({ dryRun: true, started: 0, wouldStart: 2 });
  expect(toJson({ ...retried, dryRun: false })).toEqual({ ...retried, dryRun: false });
  expect(toJson({ ...report, dryRun: true })).toMatchObject({
    sent: { queue: 0, parking: 0 },
    wouldSend: { queue: 2, parking: 1 },
  });
});
