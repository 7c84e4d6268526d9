import { patched } from '@temporalio/workflow';

/** Whether a call may be made that workflows of before did not make: where their job failed, it stays failed. */
export function mayAskOtherwise(): boolean {
  return patched('other-call');
}
