import { ApplicationFailure } from '@temporalio/common';
import pino from 'pino';
import { toSdkLogger } from '../../workers/sdk-logger';

function createLog() {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>);
  const logger = pino({ level: 'info', formatters: { level: (level) => ({ level }) } }, { write });
  let now = 0;
  return { log: toSdkLogger(logger, () => now), lines, pass: (ms: number) => (now += ms) };
}

test('an activity that failed is told of with its reason and its code', () => {
  const { log, lines } = createLog();
  const error = ApplicationFailure.retryable('the database does not answer', 'HW_UNAVAILABLE');
  log.warn('Activity failed', { error, activityType: 'enrichJob' });
  expect(lines).toEqual([
    expect.objectContaining({
      level: 'warn',
      msg: 'Activity failed',
      activityType: 'enrichJob',
      reason: 'the database does not answer',
      code: 'HW_UNAVAILABLE',
    }),
  ]);
});

test('what is no trouble is not told of: what every activity does, and a workflow whose job failed', () => {
  const { log, lines } = createLog();
  log.info('Activity started');
  log.warn('Workflow failed', { error: new Error('the model refused') });
  log.warn('No workflows registered, not polling for workflow tasks');
  expect(lines).toEqual([]);
});

test('other warnings and errors pass as they are', () => {
  const { log, lines } = createLog();
  log.warn('a warning', { error: 'in words' });
  log.error('an error');
  expect(lines).toEqual([
    expect.objectContaining({ level: 'warn', msg: 'a warning', error: 'in words' }),
    expect.objectContaining({ level: 'error', msg: 'an error' }),
  ]);
});

test('a flood of the core while Temporal is away becomes a line every 30 s that says how many there were', () => {
  const { log, lines, pass } = createLog();
  const meta = { sdkComponent: 'core' as never, error: 'Status { code: Unavailable }' };
  for (let line = 0; line < 1_000; line++) {
    log.warn(`gRPC call poll_${line % 2 ? 'activity' : 'workflow'}_task_queue retried ${line} times`, meta);
    pass(40);
  }
  log.warn('another warning', meta);
  expect(lines.map(({ msg, times }) => [msg, times])).toEqual([
    ['gRPC call poll_workflow_task_queue retried 0 times', undefined],
    ['gRPC call poll_workflow_task_queue retried 750 times', 750],
    ['another warning', undefined],
  ]);
});

test('lines of workflows and activities all come, also those that are the same', () => {
  const { log, lines } = createLog();
  for (let line = 0; line < 3; line++) log.warn('Activity failed', { sdkComponent: 'worker' as never });
  expect(lines).toHaveLength(3);
});

test('lines of the core that differ in ids only are one kind', () => {
  const { log, lines } = createLog();
  const meta = { sdkComponent: 'core' as never };
  for (let line = 0; line < 500; line++) {
    const hex = (0xabcdef0 + line).toString(16);
    log.warn(
      `Evicting run 0198f1c2-7b0a-7c3e-9d1f-0000${hex.padStart(8, 'a')} of workflow "job-${hex}"`,
      meta,
    );
    log.warn(`task token ${Buffer.from(`token ${line} ${hex}`).toString('base64')} not found`, meta);
  }
  expect(lines).toHaveLength(2);
});

test('errors of the core are never held back', () => {
  const { log, lines } = createLog();
  for (let line = 0; line < 3; line++) log.error('a defect', { sdkComponent: 'core' as never });
  expect(lines).toHaveLength(3);
});
