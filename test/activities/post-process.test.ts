import { createPostProcess } from '../../activities/post-process';
import type { PostProcessItem } from '../../contracts/stages';
import { PermanentError, type PostProcessContext } from '../../pipelines/define-pipeline';
import { testPipeline } from './support';

const timeoutMs = 5_000;
type PostProcess = (answer: unknown, context: PostProcessContext<unknown, unknown>) => unknown;

function open(postProcess: PostProcess, outputMaxBytes = 10_000) {
  const pipeline = testPipeline({ postProcess });
  return createPostProcess({ pipelineNamed: () => pipeline, outputMaxBytes, ageMs: () => 0 });
}

const itemsOf = (...answers: unknown[]): PostProcessItem[] =>
  answers.map((answer, index) => ({
    index,
    pipeline: 'test-brief',
    input: { company: 'Blue Harbor' },
    enrichment: { rows: 2 },
    answer,
    citations: [{ url: 'https://example.com', title: 'Example' }],
  }));
const obey: PostProcess = (answer) => {
  if (answer === 'final') throw new PermanentError('cannot be used');
  if (answer === 'retry') throw new Error('connection terminated');
  return answer;
};

describe('postProcess', () => {
  it('gives the pipeline the answer with everything known about the job', async () => {
    const { postProcess } = open((answer, context) => ({ answer, context }));
    const { outcomes } = await postProcess({ items: itemsOf('yes'), timeoutMs });
    const context = {
      input: { company: 'Blue Harbor' },
      enrichment: { rows: 2 },
      citations: [{ url: 'https://example.com', title: 'Example' }],
      // Of an answer of before, which did not say what was consulted.
      sources: [{ url: 'https://example.com', title: 'Example' }],
    };
    expect(outcomes).toEqual([{ index: 0, kind: 'output', output: { answer: 'yes', context } }]);
  });

  it('gives it all sources once: what was consulted in its order, with the titles of what was cited, and what was only cited', async () => {
    const { postProcess, postProcessJob } = open((_, { sources, sourcesLeftOut }) => ({
      sources,
      sourcesLeftOut,
    }));
    const [item] = itemsOf('yes') as [PostProcessItem];
    const consulted = ['https://b.example', 'https://example.com', 'https://c.example'];
    const citations = [{ url: 'https://d.example', title: 'D' }, ...item.citations];
    const searched = { ...item, consulted, citations, consultedLeftOut: 3 };
    const output = {
      sources: [
        { url: 'https://b.example', title: '' },
        { url: 'https://example.com', title: 'Example' },
        { url: 'https://c.example', title: '' },
        { url: 'https://d.example', title: 'D' },
      ],
      sourcesLeftOut: 3,
    };
    const { outcomes } = await postProcess({ items: [searched], timeoutMs });
    expect(outcomes).toEqual([{ index: 0, kind: 'output', output }]);
    expect(await postProcessJob({ item: searched, timeoutMs })).toEqual(output);
  });

  it('makes the error of one job a value, and lets the others go on', async () => {
    const { outcomes } = await open(obey).postProcess({ items: itemsOf('final', 'ok', 'retry'), timeoutMs });
    expect(outcomes).toMatchObject([
      { index: 0, kind: 'final', code: 'HW_POST_PROCESS_FAILED', message: 'cannot be used' },
      { index: 1, kind: 'output', output: 'ok' },
      { index: 2, kind: 'retry', code: 'HW_POST_PROCESS_FAILED' },
    ]);
  });

  it('fails as a whole, to be tried again, when every job failed in a way that may pass', async () => {
    const failing = open(obey).postProcess({ items: itemsOf('retry', 'retry'), timeoutMs });
    const expected = { type: 'HW_UNAVAILABLE', nonRetryable: false };
    await expect(failing).rejects.toMatchObject(expected);
  });

  it('refuses an output that no result has room for, by its bytes', async () => {
    const { postProcess } = open(obey, 12);
    const { outcomes } = await postProcess({ items: itemsOf('0123456789', '🚀🚀🚀'), timeoutMs });
    expect(outcomes).toMatchObject([
      { kind: 'output' },
      { kind: 'final', code: 'HW_RESULT_TOO_LARGE', message: expect.stringContaining('14 bytes') },
    ]);
  });

  it('takes an output that cannot be written as JSON as an error of that job', async () => {
    const { postProcess } = open((answer) => (answer === 'bad' ? 1n : answer));
    const { outcomes } = await postProcess({ items: itemsOf('bad', 'good'), timeoutMs });
    expect(outcomes.map(({ kind }) => kind)).toEqual(['retry', 'output']);
  });
});

test('what is made of a confidential answer is marked, also where it is a text', async () => {
  const [item] = itemsOf('fine').map((one) => ({ ...one, confidential: true as const }));
  const { outcomes } = await open(() => 'Alice').postProcess({ items: [item!], timeoutMs });
  expect(outcomes).toEqual([{ index: 0, confidential: true, kind: 'output', output: 'Alice' }]);
  const alone = await open(() => 'Alice').postProcessJob({ item: item!, timeoutMs });
  expect(alone).toEqual({ confidential: true, output: 'Alice' });
});

describe('postProcessJob', () => {
  const one = (answer: string) => open(obey).postProcessJob({ item: itemsOf(answer)[0]!, timeoutMs });

  it('returns the output', async () => {
    await expect(one('ok')).resolves.toBe('ok');
  });

  it('is tried again by Temporal when the error may pass, and not when it is for good', async () => {
    await expect(one('retry')).rejects.toMatchObject({ nonRetryable: false });
    await expect(one('final')).rejects.toMatchObject({ type: 'HW_POST_PROCESS_FAILED', nonRetryable: true });
  });
});
