import { policySchema } from '../../contracts/policy';
import type { LlmOutcome } from '../../contracts/stages';
import type { JobProgress } from '../../workflows/job-progress';
import {
  afterFailure as judge,
  backoffMs,
  bytesOfCalls,
  hasFailedEnough,
  nextCall,
} from '../../workflows/llm-attempts';
import type { Pack } from '../../workflows/pack';

const noUsage = { inputTokens: 0, outputTokens: 0, webSearches: 0, llmCalls: 0 };
const policy = policySchema.parse({ giveUpAfterMs: 60_000 });

function progress(parts: Partial<JobProgress> = {}): JobProgress {
  return {
    job: { id: 'job-0', pipeline: 'p', input: {}, source: { door: 'http', timestamp: 0 } },
    stage: 'call-llm',
    status: 'running',
    startedAt: 0,
    prompt: { instructions: 'Be brief.', input: 'Who is it?' },
    llmAttempts: 0,
    repairs: 0,
    ownFailures: 0,
    usage: noUsage,
    llmMs: 0,
    ...parts,
  };
}

/** As much of a pack as deciding needs. */
function packOf(...jobs: JobProgress[]): Pack {
  return { jobs, answers: 0, job: (index: number) => jobs[index], policy: () => policy } as unknown as Pack;
}

type Failure = Extract<LlmOutcome, { kind: 'retry' | 'final' }>;
const failure = (parts: Partial<Failure> = {}): Failure => ({
  index: 0,
  startedAt: 0,
  endedAt: 1_000,
  usage: noUsage,
  kind: 'retry',
  code: 'HW_LLM_UNAVAILABLE',
  message: 'sorry',
  ...parts,
});

/** As workflows that were begun now do. */
const afterFailure = (pack: Pack, index: number, of: Failure) => judge(pack, index, of, () => true);

describe('a call that failed', () => {
  it('is made again, and what was wrong is remembered', () => {
    const job = progress();
    expect(afterFailure(packOf(job), 0, failure())).toBe('again');
    expect(job.lastError).toEqual({ code: 'HW_LLM_UNAVAILABLE', message: 'sorry' });
  });

  it('makes its job leave when it fails again while others get answers', () => {
    const pack = packOf(progress());
    expect(afterFailure(pack, 0, failure())).toBe('again');
    pack.answers += 1;
    expect(afterFailure(pack, 0, failure())).toBe('leave');
  });

  it('does not make its job leave the first time, however many answers there are', () => {
    const pack = packOf(progress());
    pack.answers = 40;
    expect(afterFailure(pack, 0, failure())).toBe('again');
    expect(afterFailure(pack, 0, failure())).toBe('again');
  });

  it('never makes a whole pack leave: while nobody gets an answer all wait', () => {
    const pack = packOf(...Array.from({ length: 50 }, () => progress()));
    for (let round = 0; round < 20; round++) {
      for (let index = 0; index < 50; index++)
        expect(afterFailure(pack, index, failure({ index }))).toBe('again');
    }
  });

  it('says nothing about its job when others share the trouble', () => {
    const pack = packOf(progress());
    for (let round = 0; round < 20; round++) {
      expect(afterFailure(pack, 0, failure({ shared: true, code: 'HW_LLM_RATE_LIMITED' }))).toBe('again');
      pack.answers += 1;
    }
  });

  it('is the last when the trouble has lasted as long as the policy allows, counted from the first failure', () => {
    const pack = packOf(progress());
    const at = (endedAt: number) => afterFailure(pack, 0, failure({ endedAt, shared: true }));
    expect([at(10_000), at(70_000), at(70_001)]).toEqual(['again', 'again', 'fail']);
  });
});

describe('a failure that may have been paid for', () => {
  const paid = { ...noUsage, llmCalls: 1 };
  const minutes = (count: number) => count * 60_000;
  const waiting = policySchema.parse({ llm: { attempts: 3 } });
  const inPack = () => ({ ...packOf(progress()), policy: () => waiting });
  const afterEach = (times: number[], parts: Partial<Failure>, pack = inPack(), mayFail = () => true) =>
    times.map((endedAt) => judge(pack, 0, failure({ usage: paid, endedAt, ...parts }), mayFail));

  it('ends a job as often as its pipeline allows, also when nobody else gets an answer', () => {
    const times = [minutes(1), minutes(6), minutes(11)];
    expect(afterEach(times, {})).toEqual(['again', 'again', 'fail']);
  });

  it('ends none within the few minutes of an outage', () => {
    const times = [0, 1_000, 3_000, 7_000, 15_000, minutes(10) - 1, minutes(10)];
    expect(afterEach(times, {})).toEqual([...Array<string>(6).fill('again'), 'fail']);
  });

  it('ends a job by its number alone when its call was given all its time', () => {
    expect(afterEach([0, 1, 2], { code: 'HW_LLM_TIMEOUT' })).toEqual(['again', 'again', 'fail']);
  });

  it('ends none that others share, or that was not made', () => {
    const times = [0, minutes(5), minutes(10), minutes(15)];
    const again = Array<string>(4).fill('again');
    expect(afterEach(times, { shared: true })).toEqual(again);
    expect(afterEach(times, { usage: noUsage })).toEqual(again);
  });

  it('makes its job leave first, when others get answers', () => {
    const pack = { ...inPack(), answers: 0 };
    expect(afterEach([0], {}, pack)).toEqual(['again']);
    pack.answers = 1;
    expect(afterEach([1], {}, pack)).toEqual(['leave']);
  });

  it('is judged as before in workflows of before, which are asked only where that makes a difference', () => {
    let asked = 0;
    const ofBefore = () => (asked++, false);
    expect(afterEach([0, minutes(5)], {}, inPack(), ofBefore)).toEqual(['again', 'again']);
    expect(asked).toBe(0);
    expect(afterEach([0, minutes(5), minutes(10)], {}, inPack(), ofBefore)).toEqual(Array(3).fill('again'));
    expect(asked).toBe(1);
  });
});

test('a job by itself does not fail within seconds of what may be the provider', () => {
  const enough = (endedAt: number, parts: Partial<JobProgress>, of: Partial<Failure> = {}) =>
    hasFailedEnough(progress(parts), failure({ endedAt, ...of }), policySchema.parse({}));
  expect(enough(15_000, { ownFailures: 5, ownTroubleSince: 0 })).toBe(false);
  expect(enough(600_000, { ownFailures: 5, ownTroubleSince: 0 })).toBe(true);
  expect(enough(600_000, { ownFailures: 4, ownTroubleSince: 0 })).toBe(false);
  expect(enough(1, { ownFailures: 5, ownTroubleSince: 0 }, { code: 'HW_LLM_TIMEOUT' })).toBe(true);
});

describe('the wait before the next call', () => {
  const after = (llmAttempts: number, retryAfterMs?: number) =>
    backoffMs(progress({ llmAttempts }), policy, retryAfterMs);

  it('doubles up to a bound', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 8, 1_000].map((attempts) => after(attempts))).toEqual([
      1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 120_000, 120_000,
    ]);
  });

  it('is never less than what the provider asked for', () => {
    expect(after(1, 7_000)).toBe(7_000);
    expect(after(5, 7_000)).toBe(16_000);
    expect(after(9, 300_000)).toBe(300_000);
  });

  it('is whole seconds, so that jobs which failed together are tried again together', () => {
    expect(after(1, 1_001)).toBe(2_000);
    expect(after(1, 2_999.5)).toBe(3_000);
  });

  it('does not go beyond the deadline of the job, counted from when the last call ended', () => {
    const endedAt = Date.parse('2000-01-01T00:00:00Z');
    const wait = (deadline: string) => {
      const job = progress({ llmAttempts: 3 });
      job.job.deadline = deadline;
      return backoffMs(job, policy, undefined, endedAt);
    };
    expect(wait('2000-01-01T00:00:03.500Z')).toBe(3_500);
    expect(wait('2000-01-01T00:00:09Z')).toBe(4_000);
    expect(wait('1999-01-01T00:00:00Z')).toBe(1);
  });

  it('may be shorter than a second for a pipeline that says so', () => {
    const fast = policySchema.parse({ llm: { backoffMs: 50, maxBackoffMs: 400 } });
    expect(backoffMs(progress({ llmAttempts: 1 }), fast)).toBe(50);
    expect(backoffMs(progress({ llmAttempts: 9 }), fast)).toBe(400);
  });
});

describe('the next call of a job', () => {
  it('is counted, and carries what the policy says', () => {
    const job = progress();
    expect(nextCall(4, job, policy)).toEqual({
      index: 4,
      jobId: 'job-0',
      pipeline: 'p',
      prompt: job.prompt,
      maxOutputTokens: 4_096,
      timeoutMs: 180_000,
      attempt: 1,
    });
    expect(nextCall(4, job, policy).attempt).toBe(2);
    expect([job.llmAttempts, job.repairs]).toEqual([2, 0]);
  });

  it('ends with the deadline of its job', () => {
    const job = progress();
    job.job = { ...job.job, deadline: '2026-03-01T12:00:00+02:00' };
    expect(nextCall(0, job, policy).deadline).toBe(Date.UTC(2026, 2, 1, 10));
  });

  it('is a repair, and counted as one, after a bad answer', () => {
    const badAnswer = {
      kind: 'bad-answer',
      code: 'HW_LLM_BAD_ANSWER',
      message: 'answer.score: is missing',
      answer: '{}',
    } as const;
    const job = progress({ badAnswer });
    expect(nextCall(0, job, policy).repair).toEqual({ answer: '{}', problem: 'answer.score: is missing' });
    expect(job.repairs).toBe(1);
  });

  it('names a model only where the policy or a fallback does', () => {
    const named = policySchema.parse({ llm: { model: 'one', fallbackModel: 'two' } });
    expect(nextCall(0, progress(), policy)).not.toHaveProperty('model');
    expect(nextCall(0, progress(), named).model).toBe('one');
    expect(nextCall(0, progress({ fallback: 'two', raised: true }), named)).toMatchObject({
      model: 'two',
      maxOutputTokens: 8_192,
    });
  });

  it('cannot be made before there is a prompt', () => {
    expect(() => nextCall(0, progress({ prompt: undefined }), policy)).toThrow('Job job-0 has no prompt yet');
  });
});

test('who pays is said with a call, and does not count for its size', () => {
  const job = { id: 'job-0', pipeline: 'p', input: {}, source: { door: 'http', timestamp: 0 } } as const;
  const call = nextCall(0, progress({ job: { ...job, tenant: 'acme' } }), policy);
  expect(call.account).toEqual({ tenant: 'acme' });
  const { account: _account, ...before } = call;
  expect(bytesOfCalls([call])).toBe(Buffer.byteLength(JSON.stringify([before])));
});

test('the lesser ceiling of job and pipeline goes with a call, and what the job has spent', () => {
  const job = { id: 'job-0', pipeline: 'p', input: {}, source: { door: 'http', timestamp: 0 } } as const;
  const capped = policySchema.parse({ llm: { maxCostUsd: 0.5 } });
  const call = (maxCostUsd: number | undefined, by = capped) =>
    nextCall(0, progress({ job: { ...job, maxCostUsd }, spentNanoUsd: 7 }), by).account;
  expect(call(0.2)).toMatchObject({ maxNanoUsd: 200_000_000, spentNanoUsd: 7 });
  expect(call(2)).toMatchObject({ maxNanoUsd: 500_000_000 });
  expect(call(undefined)).toMatchObject({ maxNanoUsd: 500_000_000 });
  expect(call(0.2, policy)).toMatchObject({ maxNanoUsd: 200_000_000 });
  expect(call(undefined, policy)).toBeUndefined();
});
