import { type ErrorCode, HeadwayError } from '../contracts/errors';
import { exitCodes } from './exit-codes';

const byErrorCode: Partial<Record<ErrorCode, number>> = {
  HW_CONFIG_INVALID: exitCodes.usage,
  HW_FILE_UNREADABLE: exitCodes.usage,
  // A job request that is wrong.
  HW_RECORD_EMPTY: exitCodes.usage,
  HW_RECORD_NOT_UTF8: exitCodes.usage,
  HW_RECORD_NOT_JSON: exitCodes.usage,
  HW_RECORD_TOO_LARGE: exitCodes.usage,
  HW_JOB_INVALID: exitCodes.usage,
  HW_PIPELINE_UNKNOWN: exitCodes.usage,
  // A job that is not as it should be.
  HW_JOB_UNKNOWN: exitCodes.badFinding,
  HW_JOB_RUNNING: exitCodes.badFinding,
  HW_JOB_ENDED: exitCodes.badFinding,
  HW_JOB_NOT_FAILED: exitCodes.badFinding,
  HW_JOB_ID_TAKEN: exitCodes.badFinding,
  HW_DEADLINE_EXCEEDED: exitCodes.badFinding,
};

/** The status that a command ends with which threw this. */
export function exitCodeOf(error: unknown): number {
  return error instanceof HeadwayError ? exitCodeFor(error.code) : exitCodes.failed;
}

export function exitCodeFor(code: ErrorCode): number {
  return byErrorCode[code] ?? exitCodes.failed;
}
