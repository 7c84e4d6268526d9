import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { ParentClosePolicy, startChild, workflowInfo } from '@temporalio/workflow';
import { workflowTaskTimeout } from '../contracts/large-jobs';
import { taskPriority } from '../contracts/task-priority';
import type { JobInput } from './job-progress';
import type { Pack } from './pack';
import { PROCESS_JOB } from '../contracts/workflow-names';
import { jsonBytes } from './size';
import { describeJob, jobSearchAttributes } from './visible';

/** Starts `processJob` for one job; when this returns the new workflow is durable, and the pack is rid of it. */
export async function leavePack(pack: Pack, index: number): Promise<void> {
  const progress = pack.job(index);
  pack.moving.add(index);
  const input: JobInput = {
    progress: { ...progress },
    policy: pack.policy(index),
    llmTaskQueue: pack.llmTaskQueue,
  };
  let workflowId = progress.job.id;
  try {
    await start(pack, workflowId, input);
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    // Another record carries the same job id, or this pack itself does. It still has to end.
    workflowId = `${progress.job.id}~${workflowInfo().runId}-${index}`;
    await start(pack, workflowId, input);
  } finally {
    pack.moving.delete(index);
  }
  Object.assign(progress, { status: 'left', leftAs: workflowId });
  pack.stopIfDone();
}

async function start(pack: Pack, workflowId: string, input: JobInput): Promise<void> {
  // Without what inputs of before did not have in them, since their size decides about timers.
  const known = { ...input, progress: { ...input.progress, ownTroubleSince: undefined } };
  await pack.budget.room(jsonBytes(known));
  await startChild(PROCESS_JOB, {
    workflowId,
    args: [input],
    parentClosePolicy: ParentClosePolicy.ABANDON,
    priority: taskPriority([input.progress.job]),
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
    workflowTaskTimeout: workflowTaskTimeout(input.progress),
    staticSummary: describeJob(input.progress, Date.now()),
    typedSearchAttributes: jobSearchAttributes(input.progress, Date.now()),
  });
}
