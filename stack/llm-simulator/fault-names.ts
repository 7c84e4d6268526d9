/** What each fault does; `PUT /simulator/faults`, SIMULATOR_FAULTS and `[[simulate: ...]]` use these names. */
export const faultMeanings = {
  rate_limit: '429 with retry-after-ms',
  insufficient_quota: '429 that no retry will cure',
  server_error: '500',
  overloaded: '503',
  bad_request: '400',
  hang: 'no answer; a background call stays in progress',
  disconnect: 'the connection ends in the middle of the call',
  malformed: 'the answer is broken JSON',
  wrong_schema: 'the answer is JSON that violates the schema',
  refusal: 'the model refuses',
  incomplete: 'the answer is cut off',
  failed: 'the call ends with status failed (inline: 500 at its end)',
  slow: 'the slow latency',
} as const;

export type FaultName = keyof typeof faultMeanings;
export const faultNames = Object.keys(faultMeanings) as FaultName[];

/** The share of calls, or of polls, a fault hits: 0 to 1. */
export type FaultRates = Partial<Record<FaultName, number>>;

/** Faults that answer a request instead of the simulator's own answer; all others change the response itself. */
export const requestFaults = [
  'rate_limit',
  'insufficient_quota',
  'server_error',
  'overloaded',
  'bad_request',
  'hang',
  'disconnect',
] as const satisfies FaultName[];

/** The faults a poll can meet. */
export const pollFaults = [
  'rate_limit',
  'server_error',
  'overloaded',
  'hang',
  'disconnect',
] as const satisfies FaultName[];
