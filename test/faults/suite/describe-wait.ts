import { temporal } from '@temporalio/proto';

type Description = temporal.api.workflowservice.v1.IDescribeWorkflowExecutionResponse;
type PendingActivity = temporal.api.workflow.v1.IPendingActivityInfo;
type Event = temporal.api.history.v1.IHistoryEvent;

const { PendingActivityState, PendingWorkflowTaskState } = temporal.api.enums.v1;

export interface Wait {
  /** There is a reason, and an end: an attempt that is scheduled, or a timer that runs and nothing else. */
  explained: boolean;
  /** What it waits for, on one line. */
  text: string;
}

/** As long as this stays the same, the workflow has not moved: no new event, attempt, heartbeat or worker. */
export function fingerprintOf({
  workflowExecutionInfo,
  pendingActivities,
  pendingWorkflowTask,
}: Description): string {
  const activities = (pendingActivities ?? []).map((activity) => [
    activity.activityId,
    activity.state,
    activity.attempt,
    inMs(activity.lastHeartbeatTime),
    inMs(activity.lastStartedTime),
  ]);
  const task = [pendingWorkflowTask?.state, pendingWorkflowTask?.attempt];
  return JSON.stringify([String(workflowExecutionInfo?.historyLength), activities, task]);
}

/** What a workflow waits for, from what the server says of it and its history. `now` in milliseconds since 1970. */
export function describeWait(description: Description, events: readonly Event[], now: number): Wait {
  const activities = description.pendingActivities ?? [];
  const timers = openTimers(events);
  const task = description.pendingWorkflowTask;
  const parts = activities.map((activity) => activityText(activity, now));
  // Deadlines are timers too, so beside anything else one explains nothing.
  parts.push(...timers.map((firesAt) => `a timer that fires ${inSeconds(firesAt - now)}`));
  if (task) {
    const isStarted = task.state === PendingWorkflowTaskState.PENDING_WORKFLOW_TASK_STATE_STARTED;
    parts.push(
      `a workflow task that is ${isStarted ? 'with a worker' : 'with no worker'}, attempt ${task.attempt}`,
    );
  }
  const nextAttempt = activities.some((activity) => nextAttemptAt(activity) > now);
  const onlyTimers = activities.length === 0 && !task && timers.some((firesAt) => firesAt > now);
  return {
    explained: nextAttempt || onlyTimers,
    text: parts.join('; ') || 'nothing that the server knows of',
  };
}

function activityText(activity: PendingActivity, now: number): string {
  const { activityType, attempt, state, lastFailure } = activity;
  const ago = (time: PendingActivity['lastStartedTime']) => inSeconds((inMs(time) ?? NaN) - now);
  const facts = [`activity ${activityType?.name}, attempt ${attempt}`];
  if (nextAttemptAt(activity) > now) facts.push(`next attempt ${inSeconds(nextAttemptAt(activity) - now)}`);
  else if (state === PendingActivityState.PENDING_ACTIVITY_STATE_STARTED) {
    facts.push(`started ${ago(activity.lastStartedTime)}`);
    facts.push(activity.lastHeartbeatTime ? `heartbeat ${ago(activity.lastHeartbeatTime)}` : 'no heartbeat');
  } else facts.push(`with no worker, scheduled ${ago(activity.scheduledTime)}`);
  if (lastFailure?.message) facts.push(`failed last with "${lastFailure.message.slice(0, 200)}"`);
  return facts.join(', ');
}

function nextAttemptAt({ state, nextAttemptScheduleTime }: PendingActivity): number {
  if (state !== PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED) return 0;
  return inMs(nextAttemptScheduleTime) ?? 0;
}

/** When they fire, milliseconds since 1970. */
function openTimers(events: readonly Event[]): number[] {
  const timers = new Map<string, number>();
  for (const event of events) {
    const { timerStartedEventAttributes: started } = event;
    const ended = event.timerFiredEventAttributes ?? event.timerCanceledEventAttributes;
    if (started?.timerId) {
      const length = inMs(started.startToFireTimeout) ?? 0;
      timers.set(started.timerId, (inMs(event.eventTime) ?? 0) + length);
    }
    if (ended?.timerId) timers.delete(ended.timerId);
  }
  return [...timers.values()];
}

function inSeconds(milliseconds: number): string {
  const seconds = Math.round(Math.abs(milliseconds) / 1_000);
  return milliseconds < 0 ? `${seconds} s ago` : `in ${seconds} s`;
}

/** A point in time, or a length of it. */
function inMs(time: { seconds?: unknown; nanos?: number | null } | null | undefined): number | undefined {
  return time ? Number(time.seconds ?? 0) * 1_000 + (time.nanos ?? 0) / 1_000_000 : undefined;
}
