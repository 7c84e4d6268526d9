import { temporal } from '@temporalio/proto';
import { describeWait, fingerprintOf } from './describe-wait';

const { PendingActivityState, PendingWorkflowTaskState } = temporal.api.enums.v1;
const NOW = 1_000_000;
const seconds = (relative: number) => ({ seconds: NOW / 1_000 + relative }) as never;

const activity = {
  activityId: '7',
  activityType: { name: 'enrich' },
  attempt: 3,
  state: PendingActivityState.PENDING_ACTIVITY_STATE_STARTED,
  lastStartedTime: seconds(-20),
  lastHeartbeatTime: seconds(-8),
  lastFailure: { message: 'no route to host' },
};
const timer = (timerId: string, startedAt: number, length: number) => ({
  eventTime: seconds(startedAt),
  timerStartedEventAttributes: { timerId, startToFireTimeout: { seconds: length } as never },
});

test('an activity with a worker that says nothing explains nothing', () => {
  expect(describeWait({ pendingActivities: [activity] }, [], NOW)).toEqual({
    explained: false,
    text: 'activity enrich, attempt 3, started 20 s ago, heartbeat 8 s ago, failed last with "no route to host"',
  });
});

test('an activity whose next attempt is to come explains the wait', () => {
  const state = PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED;
  const waiting = { ...activity, state, nextAttemptScheduleTime: seconds(40) };
  const { explained, text } = describeWait({ pendingActivities: [waiting] }, [], NOW);
  expect([explained, text]).toEqual([true, expect.stringContaining('next attempt in 40 s')]);
  const overdue = { ...activity, state, nextAttemptScheduleTime: seconds(-40), scheduledTime: seconds(-90) };
  const late = describeWait({ pendingActivities: [overdue] }, [], NOW);
  expect([late.explained, late.text]).toEqual([
    false,
    expect.stringContaining('no worker, scheduled 90 s ago'),
  ]);
});

test('a timer explains the wait when there is nothing else, since a deadline is a timer too', () => {
  const events = [timer('1', -50, 20), { timerFiredEventAttributes: { timerId: '1' } }, timer('2', -10, 25)];
  expect(describeWait({}, events, NOW)).toEqual({ explained: true, text: 'a timer that fires in 15 s' });
  expect(describeWait({ pendingActivities: [activity] }, events, NOW).explained).toBe(false);
  expect(describeWait({}, [timer('3', -50, 20)], NOW).explained).toBe(false);
});

test('a workflow task with no worker, and nothing at all, are told as such', () => {
  const state = PendingWorkflowTaskState.PENDING_WORKFLOW_TASK_STATE_SCHEDULED;
  const task = describeWait({ pendingWorkflowTask: { state, attempt: 2 } }, [timer('1', 0, 9)], NOW);
  expect(task).toEqual({ explained: false, text: expect.stringContaining('with no worker, attempt 2') });
  expect(describeWait({}, [], NOW)).toEqual({ explained: false, text: 'nothing that the server knows of' });
});

test('a heartbeat, an attempt and an event are movements', () => {
  const base = { workflowExecutionInfo: { historyLength: 5 as never }, pendingActivities: [activity] };
  const others = [
    { ...base, pendingActivities: [{ ...activity, lastHeartbeatTime: seconds(0) }] },
    { ...base, pendingActivities: [{ ...activity, attempt: 4 }] },
    { ...base, workflowExecutionInfo: { historyLength: 6 as never } },
  ];
  expect(new Set([base, ...others].map(fingerprintOf)).size).toBe(4);
  expect(fingerprintOf({ ...base })).toBe(fingerprintOf(base));
});
