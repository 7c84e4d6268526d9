import { z } from 'zod';

const place = z.object({ partition: z.int(), offset: z.int() });
const count = z.int().nonnegative();

/**
 * What an audit found: the JSON of `headway audit --json`. Fields are added, never renamed or removed. Durations are
 * milliseconds, times ISO 8601.
 */
export const auditReportSchema = z.strictObject({
  /** Nothing is lost or deleted unread, no job has different results or a result under another id, no job id was done twice, and there was something to audit. */
  ok: z.boolean(),
  topic: z.string(),
  group: z.string(),
  /** Each job id is to be worked on once (`JOB_ID_DEDUPE=ledger`); otherwise nobody counts those done twice. */
  jobIdsOnce: z.boolean(),
  startedAt: z.string(),
  tookMs: z.number(),
  /** `from` up to, and not including, `to`. */
  ranges: z.array(z.strictObject({ partition: z.int(), from: z.int(), to: z.int(), committed: z.int() })),
  /**
   * Offsets, from `from` up to, and not including, `to`, that Kafka deleted before the group had read them. What was in them, control records
   * aside, is lost, and is in no count.
   */
  deletedUnread: z.array(z.strictObject({ partition: z.int(), from: z.int(), to: z.int() })),
  /** Each record is counted once: `received` is the sum of the others. */
  records: z.strictObject({
    received: count,
    completed: count,
    failed: count,
    cancelled: count,
    expired: count,
    deadLettered: count,
    duplicate: count,
    running: count,
    waiting: count,
    lost: count,
  }),
  /** Age of the oldest workflow that still runs, and of the oldest record that waits; null where there is none. */
  longestRunningMs: z.number().nullable(),
  longestWaitingMs: z.number().nullable(),
  results: z.strictObject({
    /** Jobs one run of which has results that differ. */
    jobsWithDifferentResults: count,
    /** Jobs with a result under an id that is not theirs; so those with more than one distinct id are among them. */
    jobsWithOtherIds: count,
    /** Where each id is to be worked on once (`JOB_ID_DEDUPE=ledger`): ids with results of more than one record. */
    jobIdsDoneTwice: count,
    /** Published again with the same bytes, as happens after a crash. */
    identicalCopies: count,
    repeatedDeadLetters: count,
    /** For an offset of the range, but of a record that is not there: of an earlier topic of the same name, most likely. */
    withoutRecord: count,
    unreadable: count,
    /** Published by this audit, for jobs whose workflow was terminated: `--publish-missing`. */
    published: count,
  }),
  /**
   * Null where the counters of the simulator cannot be reached. `unknown`: calls that results tell of and the simulator does not know, as
   * it was started anew since.
   */
  llmCalls: z
    .strictObject({ accepted: count, accountedFor: count, duplicate: count, unknown: count })
    .nullable(),
  /** The first of each kind. */
  examples: z.strictObject({
    lost: z.array(
      place.extend({
        jobId: z.string().nullable(),
        workflowId: z.string().nullable(),
        /** How its workflow was closed. */
        workflowStatus: z.string().nullable(),
        why: z.string(),
      }),
    ),
    differentResults: z.array(place.extend({ jobId: z.string().nullable() })),
    otherIds: z.array(place.extend({ jobId: z.string().nullable() })),
    /** `other`: the record that came before; null when it is not of the audited range. */
    jobIdsDoneTwice: z.array(place.extend({ jobId: z.string().nullable(), other: place.nullable() })),
    running: z.array(
      place.extend({ jobId: z.string().nullable(), workflowId: z.string(), runningMs: z.number() }),
    ),
    waiting: z.array(place.extend({ jobId: z.string().nullable(), waitingMs: z.number() })),
    duplicateLlmCalls: z.array(z.strictObject({ jobId: z.string(), calls: count, accountedFor: count })),
  }),
  warnings: z.array(z.string()),
});

export type AuditReport = z.infer<typeof auditReportSchema>;
