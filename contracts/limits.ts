/** Bytes, as JSON, that the parts of one job may have. */
export interface JobLimits {
  /** The request with what is known about where it came from. */
  job: number;
  /** Prompt and enrichment together. */
  enriched: number;
  /** The answer of the LLM with its citations. */
  answer: number;
}

const KIB = 1024;
const MIB = 1024 * KIB;

/** All parts of a job must fit into one payload of Temporal (2 MB) together, and the answers of a pack into one history (50 MB). */
const inHistory: JobLimits = { job: 512 * KIB, enriched: 512 * KIB, answer: 256 * KIB };

/** With a payload store memory is the limit. A prompt may hold the whole input, and enrichment beside it. */
const inPayloadStore: JobLimits = { job: 21 * MIB, enriched: 42 * MIB, answer: 21 * MIB };

/** The limits that apply with or without PAYLOAD_STORE. */
export function jobLimits(payloadStore: boolean): JobLimits {
  return payloadStore ? inPayloadStore : inHistory;
}

/** How to get beyond a limit, for the end of a message. */
export function beyondLimit(limit: number, limits: JobLimits): string {
  const more = limits === inHistory ? ' without PAYLOAD_STORE' : '';
  return `at most ${limit} are possible${more}`;
}

/** Of the addresses of consulted pages that go with an answer, as JSON: more than a hundred. */
export const CONSULTED_MAX_BYTES = 16 * KIB;

/** Least of what RESULT_MAX_BYTES may be, whatever the results topic takes. */
export const RESULT_MAX_BYTES_MIN = 200_000;

/**
 * Bytes of a result beside its output: ids and times, and metadata of 32 entries with 64 and 512 characters, of which JSON may
 * make six bytes each.
 */
export const RESULT_ENVELOPE_BYTES = 115_000;

/** An output of so many bytes is taken by every worker, however it is set up. */
export const ALWAYS_TAKEN_BYTES = RESULT_MAX_BYTES_MIN - RESULT_ENVELOPE_BYTES;
