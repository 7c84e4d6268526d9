import { createActivities, type ActivityDependencies } from '../../activities';
import { createEnrich } from '../../activities/enrich';
import { createPostProcess } from '../../activities/post-process';
import { createThrownTeller } from '../../activities/tell-thrown';
import { HeadwayError } from '../../contracts/errors';
import { PermanentError, UnavailableError } from '../../pipelines/define-pipeline';
import { packJob, testPipeline } from './support';

const timeoutMs = 5_000;
const database = { query: () => Promise.resolve([]) };

interface Line {
  pipeline: string;
  stage: string;
  error: string;
  frames: string[];
  times: number;
}

function open(now?: () => number) {
  const lines: Line[] = [];
  const tellThrown = createThrownTeller({ warn: (line: object) => void lines.push(line as Line) }, now);
  return { lines, tellThrown };
}

function lookUp(): never {
  throw new TypeError('the secret of job 7\n    at secret (/etc/secret.js:1:1)');
}

describe('what the code of a pipeline throws', () => {
  it.each([
    ['enrich', { enrich: lookUp }],
    ['prompt', { prompt: lookUp }],
  ])('in %s is told with its frames, and without its message', async (stage, parts) => {
    const { lines, tellThrown } = open();
    const pipelineNamed = () => testPipeline(parts);
    const { enrichJobs } = createEnrich({ database, pipelineNamed, tellThrown, ageMs: () => 0 });
    await enrichJobs({ jobs: [{ index: 0, job: packJob('a') }], timeoutMs, othersSucceeded: true });
    expect(lines).toMatchObject([{ pipeline: 'test-brief', stage, error: 'TypeError', times: 1 }]);
    expect(lines[0]!.frames[0]).toMatch(
      /^at .*lookUp \(.*test\/activities\/tell-thrown\.test\.ts:\d+:\d+\)$/,
    );
    expect(JSON.stringify(lines)).not.toContain('secret');
  });

  it('in postProcess is told, too', async () => {
    const { lines, tellThrown } = open();
    const pipelineNamed = () => testPipeline({ postProcess: lookUp });
    const dependencies = { pipelineNamed, outputMaxBytes: 1_000, tellThrown, ageMs: () => 0 };
    const item = { index: 0, pipeline: 'test-brief', input: {}, enrichment: null, answer: 1, citations: [] };
    await createPostProcess(dependencies).postProcess({ items: [item], timeoutMs });
    expect(lines).toMatchObject([{ stage: 'postProcess', error: 'TypeError' }]);
  });

  it('is told in the log of the worker', async () => {
    const lines: object[] = [];
    const logger = { warn: (line: object) => void lines.push(line) };
    const parts = { enrich: lookUp, postProcess: lookUp };
    const dependencies = {
      database,
      logger,
      pipelineNamed: () => testPipeline(parts),
      outputMaxBytes: 1_000,
    };
    const llmCalls = {};
    const activities = createActivities({ ...dependencies, llmCalls } as unknown as ActivityDependencies);
    const jobs = [{ index: 0, job: packJob('a') }];
    await activities.enrichJobs({ jobs, timeoutMs, othersSucceeded: true });
    const item = { index: 0, pipeline: 'test-brief', input: {}, enrichment: null, answer: 1, citations: [] };
    await activities.postProcess({ items: [item], timeoutMs, othersSucceeded: true });
    expect(lines).toMatchObject([{ stage: 'enrich' }, { stage: 'postProcess' }]);
  });

  it('of a job that the batch has left to the next one is not told', async () => {
    const { lines, tellThrown } = open();
    const pipeline = testPipeline({
      enrich: ({ slow }, { signal }) =>
        slow &&
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('given up')))),
    });
    const { enrichJobs } = createEnrich({
      ...{ database, pipelineNamed: () => pipeline, tellThrown, ageMs: () => 0 },
    });
    const jobs = [false, true].map((slow, index) => ({
      index,
      job: packJob(`${index}`, { input: { slow } }),
    }));
    await enrichJobs({ jobs, timeoutMs: 20 });
    await new Promise(setImmediate);
    expect(lines).toEqual([]);
  });

  it('is told once a minute for each pipeline and place, with how often it happened', () => {
    let now = 0;
    const { lines, tellThrown } = open(() => now);
    const thrown = [1, 2].map((value) => new Error(`wrong: ${value}`));
    for (const error of thrown) tellThrown(error, { pipeline: 'a', stage: 'enrich' });
    tellThrown(thrown[0], { pipeline: 'b', stage: 'enrich' });
    tellThrown(new Error('elsewhere'), { pipeline: 'a', stage: 'enrich' });
    expect(lines.map(({ pipeline, times }) => [pipeline, times])).toEqual([
      ['a', 1],
      ['b', 1],
      ['a', 1],
    ]);
    now = 60_000;
    tellThrown(thrown[0], { pipeline: 'a', stage: 'enrich' });
    expect(lines.at(-1)).toMatchObject({ pipeline: 'a', times: 2 });
  });

  it('on purpose, or is no error, is not told', () => {
    const { lines, tellThrown } = open();
    const errors = [
      new PermanentError('not a customer'),
      new UnavailableError('away'),
      Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }),
      new HeadwayError('HW_PROMPT_INVALID', 'prompt: empty'),
      'a text',
      undefined,
    ];
    for (const error of errors) tellThrown(error, { pipeline: 'a', stage: 'prompt' });
    expect(lines).toEqual([]);
  });
});
