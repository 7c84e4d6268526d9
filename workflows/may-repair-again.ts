import { patched } from '@temporalio/workflow';

/** Whether a repair whose call failed takes one attempt, however often it was made. In workflows of before each of its calls took one. */
export function mayRepairAgain(): boolean {
  return patched('failed-repairs');
}
