import { patched } from '@temporalio/workflow';

/**
 * Whether failures of a job itself are judged by their number and by how long they last, and paid ones also while nobody else gets an answer. For workflows of
 * before the number alone told, and only on their own.
 */
export function countsLasting(): boolean {
  return patched('own-failures-last');
}
