import type { AuditReport } from '../../../cli/audit/report';
import { addAudits, addChains } from './add-reports';

const audit = (some: Partial<AuditReport> = {}): AuditReport => ({
  ok: true,
  topic: 'q',
  jobIdsOnce: false,
  group: 'g',
  startedAt: '2026-01-01T00:00:00.000Z',
  tookMs: 10,
  ranges: [{ partition: 0, from: 0, to: 5, committed: 5 }],
  deletedUnread: [],
  records: {
    received: 5,
    completed: 3,
    failed: 1,
    cancelled: 0,
    expired: 0,
    deadLettered: 1,
    duplicate: 0,
    running: 0,
    waiting: 0,
    lost: 0,
  },
  longestRunningMs: null,
  longestWaitingMs: null,
  results: {
    jobsWithDifferentResults: 0,
    jobsWithOtherIds: 0,
    jobIdsDoneTwice: 0,
    identicalCopies: 2,
    repeatedDeadLetters: 0,
    withoutRecord: 4,
    unreadable: 0,
    published: 0,
  },
  llmCalls: { accepted: 4, accountedFor: 3, duplicate: 1, unknown: 0 },
  examples: {
    lost: [],
    differentResults: [],
    otherIds: [],
    jobIdsDoneTwice: [],
    running: [],
    waiting: [],
    duplicateLlmCalls: [],
  },
  warnings: ['the same'],
  ...some,
});

test('a record that was lost in an earlier topic is lost in the sum', () => {
  const lost = { partition: 0, offset: 3, jobId: 'x', workflowId: null, workflowStatus: null, why: 'gone' };
  const clean = audit();
  const earlier = audit({
    ok: false,
    records: { ...clean.records, completed: 2, lost: 1 },
    longestRunningMs: 7,
    examples: { ...clean.examples, lost: [lost] },
  });
  const sum = addAudits([earlier, audit({ startedAt: '2026-01-02T00:00:00.000Z', llmCalls: null })]);
  expect(sum).toEqual({
    ...clean,
    ok: false,
    tookMs: 20,
    records: { ...clean.records, received: 10, completed: 5, failed: 2, deadLettered: 2, lost: 1 },
    longestRunningMs: 7,
    results: { ...clean.results, identicalCopies: 4 },
    examples: { ...clean.examples, lost: [lost] },
  });
});

test('a chain that is broken in an earlier topic is broken, and what all of them say is said once', () => {
  const chain = { packs: 3, records: 2, inPacks: 2, deadLettered: 0, duplicates: 0, missing: 0 };
  const earlier = { ...chain, records: 3, missing: 1, problems: ['of all', 'of the first'] };
  expect(addChains([earlier, { ...chain, problems: ['of all'] }])).toEqual({
    ...chain,
    records: 5,
    inPacks: 4,
    missing: 1,
    problems: ['of all', 'of the first'],
  });
});
