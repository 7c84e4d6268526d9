import { resolve } from 'node:path';
import { readArguments } from '../../demo/arguments';
import { chooseLlm } from '../../demo/choose-llm';
import { HeadwayError } from '../../contracts/errors';

function errorOf(action: () => unknown): HeadwayError {
  try {
    action();
  } catch (error) {
    if (error instanceof HeadwayError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('readArguments', () => {
  it('leaves what is not given to the demo', () => {
    expect(readArguments([])).toEqual({
      help: false,
      keep: false,
      yes: false,
      jobs: undefined,
      input: undefined,
    });
  });

  it('reads every option, the file relative to the working directory', () => {
    expect(readArguments(['--jobs', '30', '--input', 'my.jsonl', '--keep', '--yes'])).toEqual({
      help: false,
      keep: true,
      yes: true,
      jobs: 30,
      input: resolve('my.jsonl'),
    });
  });

  it('takes the examples of a pipeline, and says when there are none', () => {
    expect(readArguments(['--pipeline', 'document-triage']).input).toMatch(
      /examples.document-triage\.jsonl$/,
    );
    expect(readArguments(['--pipeline', 'company-brief']).input).toBeUndefined();
    expect(errorOf(() => readArguments(['--pipeline', '../x'])).message).toMatch(
      /^--pipeline: there are no examples of/,
    );
    const both = ['--pipeline', 'document-triage', '--input', 'my.jsonl'];
    expect(errorOf(() => readArguments(both)).message).toMatch(/^--pipeline and --input cannot both/);
  });

  it.each([['0'], ['-3'], ['2.5'], ['many'], [''], ['1e3'], ['200001']])('refuses --jobs=%s', (value) => {
    expect(errorOf(() => readArguments([`--jobs=${value}`])).message).toBe(
      `--jobs must be a whole number from 1 to 200000, not '${value}'.`,
    );
  });

  it.each([[['--job', '3']], [['30']], [['--jobs']]])('says one sentence about %j', (args) => {
    const { code, message } = errorOf(() => readArguments(args));
    expect(code).toBe('HW_CONFIG_INVALID');
    expect(message).toMatch(/^[^.\n]+\. Use --help to see what there is\.$/);
    expect(message).toContain(args[0]!);
  });
});

describe('chooseLlm', () => {
  it('takes the simulator when no provider is named, and an empty variable names none', () => {
    expect(chooseLlm({ OPENAI_API_KEY: '', OPENAI_BASE_URL: ' ' }, { yes: false })).toEqual({
      simulated: true,
      defaultJobs: 600,
      label: 'LLM SIMULATOR',
    });
  });

  it('spends no money unless told to', () => {
    const { message } = errorOf(() => chooseLlm({ OPENAI_API_KEY: 'key-1' }, { yes: false, jobs: 70 }));
    expect(message).toContain('about 70 real LLM calls');
    expect(message).not.toContain('key-1');
  });

  it.each([
    [{ OPENAI_API_KEY: 'key-1' }, true],
    [{ OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' }, false],
  ])('takes the real one, for few jobs, with %j and --yes %s', (env, yes) => {
    expect(chooseLlm(env, { yes })).toEqual({ simulated: false, defaultJobs: 10, label: 'REAL LLM' });
  });
});
