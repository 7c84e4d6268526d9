import { ApplicationFailure } from '@temporalio/common';
import { createEnrich } from '../../activities/enrich';
import {
  PermanentError,
  UnavailableError,
  type Database,
  type EnrichContext,
} from '../../pipelines/define-pipeline';
import { packJob, testPipeline } from './support';

const database: Database = { query: () => Promise.resolve([]) };
const timeoutMs = 5_000;

type Enrich = (input: Record<string, unknown>, context: EnrichContext) => unknown;

function open(enrich: Enrich, prompt = (_: unknown, rows: unknown) => JSON.stringify(rows), ageMs = () => 0) {
  const pipeline = testPipeline({
    enrich,
    prompt: (input, rows) => ({ instructions: 'Be brief.', input: prompt(input, rows) }),
  });
  return createEnrich({ database, pipelineNamed: () => pipeline, ageMs });
}

const jobsOf = (...words: string[]) =>
  words.map((word, index) => ({ index, job: packJob(`job-${index}`, { input: { word } }) }));
/** Does what the word says. */
const obey: Enrich = ({ word }) => {
  if (word === 'final') throw new PermanentError('no such company');
  if (word === 'away') throw new UnavailableError('the database is away');
  if (word === 'retry') throw new Error('connection terminated');
  if (word === 'odd') throw Object.assign(new Error('400'), { message: ['word must be one'], stack: 7 });
  return { word };
};
const rejection = (promise: Promise<unknown>): Promise<ApplicationFailure> =>
  promise.then(
    () => Promise.reject(new Error('was not rejected')),
    (error: unknown) => error as ApplicationFailure,
  );

describe('enrichJobs', () => {
  it('marks whatever it says about a confidential job, and nothing about another', async () => {
    const jobs = jobsOf('fine', 'final', 'retry', 'open').map((at) => ({
      ...at,
      ...(at.job.input.word !== 'open' && { confidential: true as const }),
    }));
    const { outcomes } = await open(obey).enrichJobs({ jobs, timeoutMs, othersSucceeded: true });
    expect(outcomes.map(({ kind, confidential }) => [kind, confidential])).toEqual([
      ['enriched', true],
      ['final', true],
      ['retry', true],
      ['enriched', undefined],
    ]);
    const [{ job }] = jobs as [(typeof jobs)[number]];
    expect(await open(obey).enrichJob({ job, timeoutMs, confidential: true })).toMatchObject({
      confidential: true,
    });
  });

  afterEach(() => jest.useRealTimers());

  it('whatever one job throws, the others have their outcomes', async () => {
    const { outcomes } = await open(obey).enrichJobs({ jobs: jobsOf('fine', 'odd'), timeoutMs });
    expect(outcomes).toMatchObject([
      { kind: 'enriched' },
      { kind: 'retry', code: 'HW_ENRICH_FAILED', message: '["word must be one"]' },
    ]);
  });

  it('gives each job its prompt and its enrichment', async () => {
    const seen: unknown[] = [];
    const { enrichJobs } = open((input, context) => {
      seen.push([input, context.jobId, context.signal.aborted]);
      return [input.word];
    });
    const { outcomes } = await enrichJobs({ jobs: jobsOf('a', 'b'), timeoutMs });
    expect(outcomes).toEqual([
      {
        index: 0,
        kind: 'enriched',
        prompt: { instructions: 'Be brief.', input: '["a"]' },
        enrichment: ['a'],
      },
      {
        index: 1,
        kind: 'enriched',
        prompt: { instructions: 'Be brief.', input: '["b"]' },
        enrichment: ['b'],
      },
    ]);
    expect(seen).toEqual([
      [{ word: 'a' }, 'job-0', false],
      [{ word: 'b' }, 'job-1', false],
    ]);
  });

  it('withdraws the queries of jobs it no longer waits for', async () => {
    const signals: (AbortSignal | undefined)[] = [];
    const slow: Database = {
      query: (_sql, _parameters, signal) => {
        signals.push(signal);
        return new Promise((resolve) => signals.length === 1 && resolve([]));
      },
    };
    const pipeline = testPipeline({ enrich: (_input, context) => context.database.query('select 1') });
    const { enrichJobs } = createEnrich({ database: slow, pipelineNamed: () => pipeline, ageMs: () => 0 });
    const { outcomes } = await enrichJobs({ jobs: jobsOf('quick', 'slow'), timeoutMs });
    expect(outcomes.map(({ index }) => index)).toEqual([0]);
    expect(signals[1]?.aborted).toBe(true);
  });

  it('makes the error of one job a value, and lets the others go on', async () => {
    const { outcomes } = await open(obey).enrichJobs({ jobs: jobsOf('final', 'ok', 'retry'), timeoutMs });
    expect(outcomes).toMatchObject([
      { index: 0, kind: 'final', code: 'HW_ENRICH_FAILED', message: 'no such company' },
      { index: 1, kind: 'enriched' },
      { index: 2, kind: 'retry', code: 'HW_ENRICH_FAILED', message: 'connection terminated' },
    ]);
  });

  it('names jobs by their place, as two may carry the same id', async () => {
    const jobs = [4, 9].map((index) => ({ index, job: packJob('same') }));
    const { outcomes } = await open(() => 1).enrichJobs({ jobs, timeoutMs });
    expect(outcomes.map(({ index }) => index)).toEqual([4, 9]);
  });

  it('fails as a whole, to be tried again, when every job failed in a way that may pass', async () => {
    const error = await rejection(open(obey).enrichJobs({ jobs: jobsOf('retry', 'retry'), timeoutMs }));
    expect(error).toBeInstanceOf(ApplicationFailure);
    expect(error).toMatchObject({ type: 'HW_UNAVAILABLE', nonRetryable: false });
    expect(error.message).toBe('connection terminated');
  });

  it('waits for the others before it believes that all have failed', async () => {
    jest.useFakeTimers();
    const jobs = jobsOf('retry', 'slow', 'away', 'slow');
    const ends: (() => void)[] = [];
    const slow: Enrich = (input, context) =>
      input.word === 'slow' ? new Promise((resolve) => ends.push(() => resolve(1))) : obey(input, context);
    const enriching = open(slow).enrichJobs({ jobs, timeoutMs });
    // Its patience with those that are slower than others is over.
    await jest.advanceTimersByTimeAsync(timeoutMs - 1);
    ends.forEach((end) => end());
    const { outcomes } = await enriching;
    expect(outcomes.map(({ index, kind }) => [index, kind])).toEqual([
      [0, 'retry'],
      [1, 'enriched'],
      [3, 'enriched'],
    ]);
  });

  it('does not believe for ever that jobs which all fail share their trouble, unless a system is away', async () => {
    const after10Minutes = open(obey, undefined, () => 600_001);
    const { outcomes } = await after10Minutes.enrichJobs({
      jobs: jobsOf('retry', 'away', 'retry'),
      timeoutMs,
    });
    expect(outcomes.map(({ index, kind }) => [index, kind])).toEqual([
      [0, 'retry'],
      [2, 'retry'],
    ]);
    const away = after10Minutes.enrichJobs({ jobs: jobsOf('away', 'away'), timeoutMs });
    expect(await rejection(away)).toMatchObject({ type: 'HW_UNAVAILABLE', nonRetryable: false });
  });

  it('does not fail as a whole when one of the failures is for good', async () => {
    const { outcomes } = await open(obey).enrichJobs({ jobs: jobsOf('retry', 'final'), timeoutMs });
    expect(outcomes.map(({ kind }) => kind)).toEqual(['retry', 'final']);
  });

  it('does not work on a job whose deadline has passed', async () => {
    const enrich = jest.fn(obey);
    const jobs = [
      { index: 0, job: packJob('late', { deadline: '2020-01-01T00:00:00Z' }) },
      { index: 1, job: packJob('in time', { deadline: '2999-01-01T00:00:00+02:00' }) },
    ];
    const { outcomes } = await open(enrich).enrichJobs({ jobs, timeoutMs });
    expect(outcomes).toMatchObject([
      { kind: 'final', code: 'HW_DEADLINE_EXCEEDED', message: expect.stringContaining('2020-01-01') },
      { kind: 'enriched' },
    ]);
    expect(enrich).toHaveBeenCalledTimes(1);
  });

  it('refuses an enrichment that a workflow cannot carry, and only that one', async () => {
    const { enrichJobs } = open(({ word }) => 'x'.repeat(word === 'fat' ? 600_000 : 1));
    const { outcomes } = await enrichJobs({ jobs: jobsOf('fat', 'thin'), timeoutMs });
    expect(outcomes).toMatchObject([
      { kind: 'final', code: 'HW_ENRICH_TOO_LARGE', message: expect.stringMatching(/12\d{5} bytes/) },
      { kind: 'enriched' },
    ]);
  });

  it('answers with as many outcomes as fit into one response', async () => {
    const { enrichJobs } = open(
      () => 'x'.repeat(200_000),
      () => 'Who is it?',
    );
    const { outcomes } = await enrichJobs({ jobs: jobsOf('a', 'b', 'c', 'd', 'e'), timeoutMs });
    expect(outcomes.map(({ index }) => index)).toEqual([0, 1]);
  });

  it('takes an enrichment that cannot be written as JSON as an error of that job', async () => {
    const { enrichJobs } = open(({ word }) => (word === 'bad' ? { count: 1n } : 1));
    const { outcomes } = await enrichJobs({ jobs: jobsOf('bad', 'good'), timeoutMs });
    expect(outcomes.map(({ kind }) => kind)).toEqual(['retry', 'enriched']);
  });

  it('does not take the failure of a single job for trouble of others', async () => {
    const { outcomes } = await open(obey).enrichJobs({ jobs: jobsOf('retry'), timeoutMs });
    expect(outcomes).toMatchObject([{ kind: 'retry', code: 'HW_ENRICH_FAILED' }]);
  });

  it('leaves out the jobs that met a system which is away, to be asked for again', async () => {
    const { outcomes } = await open(obey).enrichJobs({ jobs: jobsOf('away', 'ok', 'retry'), timeoutMs });
    expect(outcomes.map(({ index }) => index)).toEqual([1, 2]);
  });

  it.each([[['away']], [['away', 'away']], [['away', 'retry', 'retry']]])(
    'fails as a whole while a system is away and nothing else is to tell: %j',
    async (words) => {
      const error = await rejection(open(obey).enrichJobs({ jobs: jobsOf(...words), timeoutMs }));
      expect(error).toMatchObject({ type: 'HW_UNAVAILABLE', nonRetryable: false });
    },
  );
});

describe('a prompt that is none', () => {
  const instructions = 'Be brief.';

  it.each<[string, unknown, RegExp]>([
    ['nothing', undefined, /prompt returned nothing; it must return \{ instructions, input \}$/],
    ['a text', 'Who is it?', /prompt returned a text; it must return/],
    ['a list', [], /prompt returned a list; it must return/],
    ['a promise', Promise.resolve(''), /prompt returned a promise; .* enrich$/],
    ['no input', { instructions }, /prompt returned nothing as "input", which must be a text$/],
    ['a number as input', { instructions, input: 7 }, /returned a number as "input", which must be a text$/],
    ['an object as input', { instructions, input: {} }, /returned an object as "input", which must/],
    ['a promise of an input', { instructions, input: Promise.resolve('') }, /a promise as "input"/],
    ['an empty input', { instructions, input: '' }, /an empty text as "input", which must be a text that/],
    ['a blank input', { instructions, input: ' \n' }, /a blank text as "input"/],
    ['no instructions', { input: 'Who is it?' }, /returned nothing as "instructions", which must be a text$/],
    ['a number as version', { instructions, input: 'Who?', version: 2 }, /a number as "version"/],
  ])('%s fails that job alone, at once', async (_, returned, message) => {
    const { enrichJobs, enrichJob } = createEnrich({
      database,
      pipelineNamed: (name) =>
        testPipeline({ name, ...(name === 'none' && { prompt: () => returned as never }) }),
      ageMs: () => 0,
    });
    const jobs = ['none', 'test-brief'].map((pipeline, index) => ({
      index,
      job: packJob(`job-${index}`, { pipeline }),
    }));
    const { outcomes } = await enrichJobs({ jobs, timeoutMs });
    expect(outcomes).toMatchObject([
      { index: 0, kind: 'final', code: 'HW_PROMPT_INVALID', message: expect.stringMatching(message) },
      { index: 1, kind: 'enriched' },
    ]);
    expect(outcomes[0]).toMatchObject({ message: expect.stringMatching(/^pipeline "none": /) });
    expect(await rejection(enrichJob({ job: jobs[0]!.job, timeoutMs }))).toMatchObject({
      type: 'HW_PROMPT_INVALID',
      nonRetryable: true,
    });
  });

  it('leaves no rejection that nobody handles, which would end the worker', async () => {
    const unhandled = jest.fn();
    process.on('unhandledRejection', unhandled);
    const late = () => Promise.reject(new Error('too late'));
    for (const prompt of [late, () => ({ instructions, input: late() })]) {
      const pipeline = testPipeline({ prompt: prompt as never });
      const { enrichJobs } = createEnrich({ database, pipelineNamed: () => pipeline, ageMs: () => 0 });
      await enrichJobs({ jobs: jobsOf('a'), timeoutMs });
      await new Promise(setImmediate);
    }
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });

  it('is not one that says everything in its input', async () => {
    const pipeline = testPipeline({
      prompt: () => ({ instructions: '', input: 'Who is it?', version: 'v1' }),
    });
    const { enrichJobs } = createEnrich({ database, pipelineNamed: () => pipeline, ageMs: () => 0 });
    const { outcomes } = await enrichJobs({ jobs: jobsOf('a'), timeoutMs });
    expect(outcomes).toMatchObject([{ prompt: { instructions: '', input: 'Who is it?', version: 'v1' } }]);
  });
});

describe('the database of a pipeline', () => {
  it('lets a query fail unheard that nobody waits for any more', async () => {
    const unhandled = jest.fn();
    process.on('unhandledRejection', unhandled);
    const query = (sql: string) => Promise.reject(new Error(`cannot ${sql}`));
    const pipeline = testPipeline({
      async enrich(_, context) {
        const notes = context.database.query('read notes');
        const [company] = await context.database.query('read the company');
        return { company, notes: await notes };
      },
    });
    const { enrichJobs } = createEnrich({
      database: { query },
      pipelineNamed: () => pipeline,
      ageMs: () => 0,
    });
    const jobs = jobsOf('a');
    await expect(enrichJobs({ jobs, timeoutMs, othersSucceeded: true })).resolves.toMatchObject({
      outcomes: [{ kind: 'retry', message: 'cannot read the company' }],
    });
    await new Promise(setImmediate);
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });
});

describe('enrichJob', () => {
  const one = (word: string) => open(obey).enrichJob({ job: packJob('job', { input: { word } }), timeoutMs });

  it('returns prompt and enrichment', async () => {
    await expect(one('ok')).resolves.toEqual({
      prompt: { instructions: 'Be brief.', input: '{"word":"ok"}' },
      enrichment: { word: 'ok' },
    });
  });

  it('is tried again by Temporal when the error may pass, and not when it is for good', async () => {
    expect(await rejection(one('retry'))).toMatchObject({ type: 'HW_ENRICH_FAILED', nonRetryable: false });
    expect(await rejection(one('final'))).toMatchObject({ type: 'HW_ENRICH_FAILED', nonRetryable: true });
    expect(await rejection(one('away'))).toMatchObject({ type: 'HW_UNAVAILABLE', nonRetryable: false });
  });
});

it('two jobs in trouble of their own, left over from a pack whose others went on, are values and no trouble of all', async () => {
  const pipeline = testPipeline({ enrich: () => Promise.reject(new Error('their own trouble')) });
  const { enrichJobs } = createEnrich({
    database: { query: () => Promise.resolve([]) },
    pipelineNamed: () => pipeline,
    ageMs: () => 0,
  });
  const jobs = [48, 49].map((index) => ({ index, job: packJob(`job-${index}`) }));
  const { outcomes } = await enrichJobs({ jobs, timeoutMs: 1_000, othersSucceeded: true });
  expect(outcomes.map(({ kind }) => kind)).toEqual(['retry', 'retry']);
});
