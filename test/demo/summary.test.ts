import type { JobResult } from '../../contracts/job-result';
import { formatProgress } from '../../demo/progress-line';
import { duration, peakOverlap, percentile } from '../../demo/statistics';
import { describeSummary, type SummaryOptions } from '../../demo/summary';

const value = Buffer.from('');
const second = (n: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, n)).toISOString();

function result(id: string, from: number, to: number, error?: JobResult['error']): JobResult {
  return {
    id,
    pipeline: 'company-brief',
    status: error ? 'failed' : 'completed',
    error,
    usage: { inputTokens: 1, outputTokens: 1, webSearches: 0, llmCalls: 1 },
    timings: {
      receivedAt: second(from),
      startedAt: second(from),
      completedAt: second(to),
      queuedMs: 0,
      llmMs: (to - from) * 1000,
      totalMs: (to - from) * 1000,
    },
    source: { door: 'http', timestamp: 0 },
    workflow: { id: 'w', runId: 'r' },
  };
}

const good: SummaryOptions = {
  verdict: { ok: true, lost: [], duplicated: [], contradictory: [], sentences: [] },
  records: [
    { value, jobId: 'a', origin: '' },
    { value, jobId: 'b', origin: '' },
    { value, problem: 'not JSON', origin: '' },
  ],
  results: [
    result('a', 0, 8),
    result('b', 5, 35, { stage: 'call-llm', type: 'HW_LLM_REFUSED', message: '', attempts: 1 }),
  ],
  deadLetters: 1,
  workflows: { single: 2, packs: 1, onTheirOwn: 0 },
  elapsedMs: 35_200,
  temporalUi: 'http://127.0.0.1:8233',
  llm: { simulated: true, defaultJobs: 600, label: 'LLM SIMULATOR' },
};

describe('the summary', () => {
  it.each([
    /^Done in 35 s: every job has exactly one result\.$/m,
    /Jobs in +2, and 1 record that is not a job/,
    /Results out +2: 1 completed, 1 failed \(HW_LLM_REFUSED\)/,
    /Lost +0$/m,
    /Duplicated +0$/m,
    /Dead letters +1$/m,
    /Peak in flight +2 jobs/,
    /Workflows +3: 1 pack, 2 with a single job$/m,
    /p50 8\.0 s, p99 30 s/,
    /One at a time +38 s of waiting for the LLM SIMULATOR; here it took 35 s/,
    /http:\/\/127\.0\.0\.1:8233/,
  ])('says %s', (line) => expect(describeSummary(good)).toMatch(line));

  it('says what is missing, by name', () => {
    const verdict = {
      ...good.verdict,
      ok: false,
      lost: ['b'],
      sentences: ['Lost, without any result (1): b.'],
    };
    const text = describeSummary({ ...good, verdict, results: [], workflows: undefined });
    expect(text).toMatch(/^Not as promised/);
    expect(text).toContain('Lost, without any result (1): b.');
    expect(text).not.toContain('exactly one result');
  });
});

it('percentile takes the nearest rank', () => {
  const values = Array.from({ length: 100 }, (_, n) => 100 - n);
  expect([0, 0.5, 0.99, 1].map((share) => percentile(values, share))).toEqual([1, 50, 99, 100]);
  expect(percentile([], 0.5)).toBeUndefined();
});

it('peakOverlap counts what is under way at the same moment, and not what only touches', () => {
  const span = (from: number, to: number) => ({ from, to });
  expect(peakOverlap([span(0, 2), span(2, 4)])).toBe(1);
  expect(peakOverlap([span(0, 3), span(1, 4), span(2, 3), span(3, 9)])).toBe(3);
  expect(peakOverlap([])).toBe(0);
});

it.each([
  [840, '0.8 s'],
  [9_940, '9.9 s'],
  [9_960, '10 s'],
  [59_400, '59 s'],
  [59_600, '1 min 0 s'],
  [200_000, '3 min 20 s'],
  [3_599_600, '1 h 0 min'],
  [4_500_000, '1 h 15 min'],
])('duration says %i ms as %s', (ms, text) => expect(duration(ms)).toBe(text));

describe('the progress line', () => {
  const progress = {
    label: 'LLM SIMULATOR',
    queued: 3,
    inFlight: 40,
    completed: 49,
    failed: 1,
    total: 100,
    elapsedMs: 67_900,
  };

  it('says whose answers are counted', () => {
    expect(formatProgress(progress)).toBe(
      '   [LLM SIMULATOR] 1:07  queued 3  in flight 40  completed 49  failed 1',
    );
  });

  it.each([60, 80, 90, 200])('fits into %i columns', (columns) => {
    expect(formatProgress(progress, columns).length).toBeLessThan(columns);
  });

  it('has a bar where there is room for one', () => {
    expect(formatProgress(progress, 200)).toContain(`${'█'.repeat(15)}${'░'.repeat(15)}`);
    expect(formatProgress(progress, 80)).not.toContain('█');
  });
});
