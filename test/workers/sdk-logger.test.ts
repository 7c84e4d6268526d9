import { ApplicationFailure } from '@temporalio/common';
import pino from 'pino';
import { toSdkLogger } from '../../workers/sdk-logger';

function createLog() {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>);
  const logger = pino({ level: 'info', formatters: { level: (level) => ({ level }) } }, { write });
  return { log: toSdkLogger(logger), lines };
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
