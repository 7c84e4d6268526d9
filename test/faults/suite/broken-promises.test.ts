import { brokenPromises, type Findings } from './broken-promises';

const segment = {
  faults: 'llm-away',
  seconds: 60,
  jobs: 100,
  lost: 0,
  doubled: 0,
  failed: {},
  excused: { 'HW_LLM_UNAVAILABLE (llm-misbehaves)': 2 },
  longestStallSeconds: 3,
  latencyAfter: { jobs: 20, medianMs: 2_000, p90Ms: 3_000 },
};

/** A run in which all went well, with something of everything that is allowed. */
const good: Findings = {
  seed: 1,
  brokers: 1,
  latencyAtFirst: { jobs: 20, medianMs: 1_000, p90Ms: 2_000 },
  segments: [segment],
  strikes: [{ fault: 'llm-away', beganAt: 1, endedAt: 2, outcome: 'struck', effect: 'seen' }],
  seconds: 60,
  jobs: 100,
  poison: 3,
  completed: 95,
  failed: 5,
  repeatedRecords: 7,
  repeatedLlmCalls: 4,
  jobsCalledAgain: [],
  unexplainedLlmCalls: [],
  watermark: {
    checks: 50,
    recordsVerified: 103,
    violations: [],
    unverified: 0,
    trouble: undefined,
    largestLag: 9,
    slowestProofMs: 100,
  },
  chain: { packs: 20, records: 103, inPacks: 100, deadLettered: 3, duplicates: 0, missing: 0, problems: [] },
  replay: { replayed: 20, problems: [] },
  audit: {
    ok: true,
    records: { received: 103, running: 0, waiting: 0 },
  } as unknown as Findings['audit'],
  stuck: ['pack waits, and it is explained'],
  stuckInCalm: [],
  openWorkflows: [],
  unexpectedExits: [],
  restarts: 2,
  missing: [],
};

const audited = (records: object) => ({ ...good.audit, records: { ...good.audit.records, ...records } });
const violation = { partition: 0, offset: 1, why: 'it was early' };

test('nothing is broken in a run in which all went well', () => {
  expect(brokenPromises(good)).toEqual([]);
});

test.each<[string, Partial<Findings>, string]>([
  ['a job without a result', { missing: ['job-1'] }, '1 jobs without a result: job-1'],
  [
    'jobs that stay slow after a fault',
    { segments: [{ ...segment, latencyAfter: { jobs: 20, medianMs: 60_000, p90Ms: 61_000 } }] },
    '1 faults after which jobs went on taking longer: llm-away: median 60000 ms, 90 % 61000 ms instead of median 1000 ms, 90 % 2000 ms',
  ],
  [
    'a fault after which no job was looked at',
    { segments: [{ ...segment, latencyAfter: { jobs: 0, medianMs: 0, p90Ms: 0 } }] },
    '1 stretches of calm without a single job',
  ],
  [
    'jobs that were never all done after a fault',
    { segments: [{ ...segment, latencyAfter: undefined }] },
    '1 faults after which it never became calm: jobs or workflows were still open',
  ],
  [
    'no job before the first fault',
    { latencyAtFirst: { jobs: 0, medianMs: 9_000, p90Ms: 9_000 } },
    '1 stretches of calm without a single job',
  ],
  ['two results of a job', { segments: [{ ...segment, doubled: 2 }] }, '2 jobs with results that differ'],
  [
    'failures without a reason',
    { segments: [segment, { ...segment, failed: { HW_LLM_TIMEOUT: 3 } }] },
    '1 kinds of failures of jobs that nothing was wrong with: llm-away: 3 HW_LLM_TIMEOUT',
  ],
  [
    'LLM calls repeated without a reason',
    { unexplainedLlmCalls: ['job-1: 1 again, during no fault'] },
    '1 jobs with LLM calls repeated that nothing interrupted: job-1: 1 again, during no fault',
  ],
  [
    'an early commit',
    { watermark: { ...good.watermark, recordsVerified: 102, violations: [violation] } },
    '1 offsets committed too early: [{"partition":0,"offset":1,"why":"it was early"}]',
  ],
  [
    'a record in no pack',
    { chain: { ...good.chain, problems: ['0/1 is nowhere'] } },
    '1 records not in one pack: 0/1 is nowhere',
  ],
  [
    'a history that does not replay',
    { replay: { replayed: 20, problems: ['pack: no'] } },
    '1 workflows that do not replay: pack: no',
  ],
  [
    'an audit that finds fault',
    { audit: { ...good.audit, ok: false } },
    '1 audit that is not content: {"ok":false,"records":{"received":103,"running":0,"waiting":0}}',
  ],
  [
    'a job that stands still, whether or not anybody knows that Kafka has it',
    { audit: audited({ running: 1, waiting: 1 }) },
    '2 records that the audit finds under way when all should be done',
  ],
  ['a pack that never closes', { openWorkflows: ['pack'] }, '1 workflows still open: pack'],
  [
    'a workflow that stood still in calm',
    { stuckInCalm: ['pack is stuck'] },
    '1 workflows that stood still without a reason: pack is stuck',
  ],
  [
    'a process that crashed',
    { unexpectedExits: ['guest-1 ended (1)'] },
    '1 processes that ended otherwise than they should: guest-1 ended (1)',
  ],
  ['no strike', { strikes: [] }, '1 verdict without a single strike that had an effect'],
  [
    'only a strike without effect',
    {
      strikes: [
        { fault: 'llm-away', beganAt: 1, endedAt: 2, outcome: 'had no effect', effect: 'nobody asked' },
      ],
    },
    '1 verdict without a single strike that had an effect',
  ],
  [
    'a strike that failed',
    {
      strikes: [
        { fault: 'llm-away', beganAt: 1, endedAt: 2, outcome: 'struck', effect: 'seen' },
        { fault: 'kafka-killed', beganAt: 1, endedAt: 2, outcome: 'failed', effect: 'it is not back' },
      ],
    },
    '1 strikes after which something was not as it should be: kafka-killed: it is not back',
  ],
  ['no segment', { segments: [] }, '1 stretches without a single job'],
  [
    'a segment without jobs',
    { segments: [segment, { ...segment, jobs: 0 }] },
    '1 stretches without a single job',
  ],
  [
    'a chain check of nothing',
    { chain: { ...good.chain, records: 0 } },
    '1 chain check without a single record',
  ],
  [
    'a replay of nothing',
    { replay: { replayed: 0, problems: [] } },
    '1 replay check without a single history',
  ],
  ['an audit of nothing', { audit: audited({ received: 0 }) }, '1 audit without a single record'],
  [
    'records that could not be checked',
    { watermark: { ...good.watermark, recordsVerified: 100, unverified: 3, trouble: 'Kafka is away' } },
    '3 records behind a commit that could not be checked: Kafka is away',
  ],
  [
    'a monitor that went blind',
    { watermark: { ...good.watermark, trouble: 'Kafka is away' } },
    '1 monitor of commits that was blind at the end: Kafka is away',
  ],
  [
    'a monitor that missed records',
    { watermark: { ...good.watermark, recordsVerified: 100 } },
    '3 records in the topic more than the monitor of commits ever judged',
  ],
])('a verdict names what is broken: %s', (_, findings, sentence) => {
  expect(brokenPromises({ ...good, ...findings })).toEqual([sentence]);
});
