import {
  createRecognisingCalls,
  type RecognisingCallsOptions,
} from '../../../activities/call-llm/recognising-calls';
import { testPipeline } from '../support';
import { asHandle, callOf, noSignal, openProvider } from './simulator';
import {
  chatCompletion,
  noRoute,
  refusal,
  response,
  scriptedProvider,
  type Answer,
  type Asked,
} from './scripted-provider';

function open(
  answer: (asked: Asked) => Answer | Promise<Answer>,
  others: Partial<RecognisingCallsOptions> = {},
) {
  const scripted = scriptedProvider(answer);
  const info = jest.fn();
  const options = { ...scripted.options, logger: { info, warn: jest.fn() }, ...others };
  const calls = createRecognisingCalls(options, 'llm@1');
  const outcomeOf = async (job: string) => {
    const started = await calls.start(callOf(job));
    return 'kind' in started ? started : await calls.wait(started, noSignal());
  };
  const told = () => info.mock.calls.map(([fields]: [{ mode: string }]) => fields.mode);
  return { ...scripted, calls, outcomeOf, told };
}

const isPost = ({ method }: Asked) => method === 'POST';
const wantsBackground = ({ body }: Asked) => body.background === true;
const isChat = ({ path }: Asked) => path.endsWith('/chat/completions');

describe('LLM_MODE=auto', () => {
  it('uses background mode where the provider has it, and any process can await the first call', async () => {
    const provider = await openProvider();
    try {
      const info = jest.fn();
      const logger = { info, warn: jest.fn() };
      const calls = createRecognisingCalls({ ...provider.options, logger }, 'llm@1');
      const handles = [asHandle(await calls.start(callOf('a'))), asHandle(await calls.start(callOf('b')))];
      expect(handles.some(({ heldOpen }) => heldOpen)).toBe(false);
      const elsewhere = createRecognisingCalls({ ...provider.options, logger }, 'llm@2');
      for (const handle of handles)
        await expect(elsewhere.wait(handle, noSignal())).resolves.toMatchObject({ kind: 'answer' });
      expect(await provider.countsOf('a')).toMatchObject({ accepted: 1 });
      expect(info).toHaveBeenCalledTimes(1);
    } finally {
      await provider.stop();
    }
  });

  it('holds calls open where `background` is refused: one refused request, then none; told once', async () => {
    const { outcomeOf, asked, told } = open((one) =>
      wantsBackground(one) ? refusal('Unknown parameter', 'background') : { body: response() },
    );
    await expect(outcomeOf('a')).resolves.toMatchObject({ kind: 'answer' });
    await expect(outcomeOf('b')).resolves.toMatchObject({ kind: 'answer' });
    expect(asked.map(wantsBackground)).toEqual([true, false, false]);
    expect(told()).toEqual(['inline']);
  });

  it('finds out for each model, which may be behind the same address with different features', async () => {
    const { calls, told } = open((one) => {
      const held = one.body.model === 'held' && wantsBackground(one);
      if (held) return refusal('Unknown parameter', 'background');
      return { body: response(wantsBackground(one) ? { status: 'queued', output: [] } : {}) };
    });
    for (const model of ['held', 'kept', 'held', 'kept']) {
      const { heldOpen = false } = asHandle(await calls.start(callOf(model, '', { model })));
      expect([model, heldOpen]).toEqual([model, model === 'held']);
    }
    expect(told()).toEqual(['inline', 'background']);
  });

  it('tells once what several first calls find out at the same time', async () => {
    const { outcomeOf, told } = open((one) =>
      wantsBackground(one) ? refusal('Unknown parameter', 'background') : { body: response() },
    );
    const outcomes = await Promise.all(['a', 'b', 'c'].map(outcomeOf));
    expect(outcomes.map(({ kind }) => kind)).toEqual(['answer', 'answer', 'answer']);
    expect(told()).toEqual(['inline']);
  });

  it.each([404, 405, 501])('uses Chat Completions where the Responses API is %s', async (status) => {
    const { outcomeOf, routes, told } = open((one) =>
      isChat(one) ? { body: chatCompletion() } : { ...noRoute, status },
    );
    await expect(outcomeOf('a')).resolves.toMatchObject({ kind: 'answer' });
    await expect(outcomeOf('b')).resolves.toMatchObject({ kind: 'answer' });
    expect(routes()).toEqual([
      'POST /v1/responses',
      'POST /v1/chat/completions',
      'POST /v1/chat/completions',
    ]);
    expect(told()).toEqual(['chat-completions']);
  });

  it('uses an answer that is already complete, and does not pay for it again', async () => {
    const { outcomeOf, asked, told } = open((one) =>
      isPost(one) ? { body: response({ background: true }) } : noRoute,
    );
    await expect(outcomeOf('a')).resolves.toMatchObject({ kind: 'answer' });
    expect(asked.filter(isPost)).toHaveLength(1);
    expect(told()).toEqual(['inline']);
    await expect(outcomeOf('b')).resolves.toMatchObject({ kind: 'answer' });
    expect(asked.map(wantsBackground)).toEqual([true, false, false]);
  });

  it('does not take a server that only ignores `background` for one that has it', async () => {
    const { outcomeOf, told } = open(() => ({ body: response() }));
    await outcomeOf('a');
    expect(told()).toEqual(['inline']);
  });

  describe('where the answer does not fit and the server does not say that it knows the schema', () => {
    const unfit = (parts: object = {}) =>
      response({
        output: [{ type: 'message', content: [{ type: 'output_text', text: 'I would say' }] }],
        ...parts,
      });

    it('tries Chat Completions with the next call, and stays there', async () => {
      const { outcomeOf, routes, told } = open((one) => ({ body: isChat(one) ? chatCompletion() : unfit() }));
      await expect(outcomeOf('a')).resolves.toMatchObject({ kind: 'bad-answer' });
      expect(told()).toEqual([]);
      await expect(outcomeOf('a')).resolves.toMatchObject({ kind: 'answer' });
      await expect(outcomeOf('b')).resolves.toMatchObject({ kind: 'answer' });
      expect(told()).toEqual(['chat-completions']);
      expect(routes()).toEqual([
        'POST /v1/responses',
        'POST /v1/chat/completions',
        'POST /v1/chat/completions',
      ]);
    });

    it('does so too when several first calls find that out at the same time', async () => {
      const { outcomeOf, told } = open((one) => ({ body: isChat(one) ? chatCompletion() : unfit() }));
      const first = await Promise.all(['a', 'b', 'c'].map((job) => outcomeOf(job)));
      expect(first.map(({ kind }) => kind)).toEqual(['bad-answer', 'bad-answer', 'bad-answer']);
      await expect(outcomeOf('a')).resolves.toMatchObject({ kind: 'answer' });
      expect(told()).toEqual(['chat-completions']);
    });

    it('stays with the Responses API where there is no other', async () => {
      const { outcomeOf, told } = open((one) => (isChat(one) ? noRoute : { body: unfit() }));
      await outcomeOf('a');
      await expect(outcomeOf('a')).resolves.toMatchObject({ kind: 'bad-answer' });
      expect(told()).toEqual(['inline']);
    });

    it('stays with it where the server does say so', async () => {
      const text = { format: { type: 'json_schema' } };
      const { outcomeOf, routes, told } = open(() => ({ body: unfit({ text }) }));
      await outcomeOf('a');
      await outcomeOf('b');
      expect(told()).toEqual(['inline']);
      expect(new Set(routes())).toEqual(new Set(['POST /v1/responses']));
    });

    it('stays with it for a pipeline with tools, which Chat Completions does not have', async () => {
      const tools = [{ type: 'web_search' as const }];
      const { outcomeOf, routes, told } = open(() => ({ body: unfit() }), {
        pipelineNamed: () => testPipeline({ tools, minSources: 1 }),
      });
      await outcomeOf('a');
      expect(told()).toEqual(['inline']);
      await expect(outcomeOf('a')).resolves.toMatchObject({ kind: 'bad-answer' });
      expect(routes()).toEqual(['POST /v1/responses', 'POST /v1/responses']);
    });

    it('decides for a pipeline with tools also after another one made it suspicious', async () => {
      const tools = [{ type: 'web_search' as const }];
      const { calls, told } = open(() => ({ body: unfit() }), {
        pipelineNamed: (name) => testPipeline(name === 'searches' ? { tools } : {}),
      });
      await calls.start(callOf('a'));
      expect(told()).toEqual([]);
      await calls.start({ ...callOf('b'), pipeline: 'searches' });
      expect(told()).toEqual(['inline']);
    });

    it('goes back to it where Chat Completions rejects what it takes', async () => {
      const message = 'This model is only supported in v1/responses and not in v1/chat/completions.';
      const { outcomeOf, routes, told } = open((one) =>
        isChat(one) ? { status: 404, body: { error: { message } } } : { body: unfit() },
      );
      await outcomeOf('a');
      await expect(outcomeOf('a')).resolves.toMatchObject({ kind: 'bad-answer' });
      expect(told()).toEqual(['inline']);
      await outcomeOf('b');
      expect(routes().map((route) => route.replace('POST /v1/', ''))).toEqual([
        ...['responses', 'chat/completions', 'responses', 'responses'],
      ]);
    });

    describe('and Chat Completions rejects the content of a call', () => {
      const rejected = refusal('content_filter: the prompt is not allowed');
      const modesAfter = async (...jobs: string[]) => {
        const { calls, told, routes } = open((one) => {
          if (!isChat(one)) return { body: unfit() };
          return JSON.stringify(one.body).includes('bad') ? rejected : { body: chatCompletion() };
        });
        for (const job of jobs) {
          // Its name goes into the prompt, since Chat Completions gets no metadata.
          const started = await calls.start(callOf(job, job));
          if (!('kind' in started)) await calls.wait(started, noSignal());
        }
        return { told: told(), chats: routes().filter((route) => route.endsWith('chat/completions')).length };
      };

      it('tries it with the next one all the same', async () => {
        expect(await modesAfter('a', 'bad', 'bad', 'b')).toEqual({ told: ['chat-completions'], chats: 3 });
      });

      it('lets three of them tell that it is no way', async () => {
        expect(await modesAfter('a', 'bad', 'bad', 'bad', 'b')).toEqual({ told: ['inline'], chats: 3 });
      });
    });

    it('does not go back for trouble that passes', async () => {
      const { outcomeOf, told } = open((one) =>
        isChat(one) ? { status: 429, body: { error: { message: 'slow down' } } } : { body: unfit() },
      );
      await outcomeOf('a');
      await expect(outcomeOf('a')).resolves.toMatchObject({ kind: 'retry', code: 'HW_LLM_RATE_LIMITED' });
      expect(told()).toEqual([]);
    });
  });

  it('does not take a full queue of the background for a provider without one', async () => {
    let full = true;
    const { outcomeOf, told } = open((one) => {
      if (full && wantsBackground(one))
        return refusal('Background response queue is full (max 100). Try again later.');
      return { body: response(isPost(one) ? { status: 'queued', output: [] } : {}) };
    });
    await expect(outcomeOf('a')).resolves.toMatchObject({ kind: 'retry', code: 'HW_LLM_RATE_LIMITED' });
    full = false;
    await expect(outcomeOf('a')).resolves.toMatchObject({ kind: 'answer' });
    expect(told()).toEqual(['background']);
  });

  it.each<[string, Answer]>([
    ['a server error', { status: 500, body: { error: { message: 'background workers are down' } } }],
    ['a rate limit', { status: 429, body: { error: { message: 'slow down' } } }],
    ['an unknown model', { status: 404, body: { error: { message: 'x', code: 'model_not_found' } } }],
    [
      'a missing deployment',
      { status: 404, body: { error: { message: 'The API deployment does not exist' } } },
    ],
    ['a broken connection', new TypeError('fetch failed')],
    ['a key that is refused', { status: 401, body: { error: { message: 'wrong key' } } }],
  ])('does not take %s for a missing feature', async (_, trouble) => {
    let troubled = true;
    const { outcomeOf, routes, told } = open((one) => {
      if (troubled) return trouble;
      return { body: response(isPost(one) ? { status: 'queued', output: [] } : {}) };
    });
    expect((await outcomeOf('a')).kind).not.toBe('answer');
    expect(routes()).toEqual(['POST /v1/responses']);
    expect(told()).toEqual([]);
    troubled = false;
    await expect(outcomeOf('a')).resolves.toMatchObject({ kind: 'answer' });
    expect(told()).toEqual(['background']);
  });

  it('finds out nothing from an address where neither dialect is spoken', async () => {
    const { outcomeOf, told } = open(() => noRoute);
    await expect(outcomeOf('a')).resolves.toMatchObject({ kind: 'final', code: 'HW_LLM_REJECTED' });
    expect(told()).toEqual([]);
  });

  it('holds a first call open whose provider takes long, and lets only this process await it', async () => {
    let answer = (_: Answer) => {};
    const { calls, asked } = open(() => new Promise((resolve) => (answer = resolve)), { acceptMs: 20 });
    const handle = asHandle(await calls.start(callOf('slow')));
    expect(handle.heldOpen).toBe(true);
    const outcome = calls.wait(handle, noSignal());
    answer({ body: response() });
    await expect(outcome).resolves.toMatchObject({ kind: 'answer' });
    expect(asked).toHaveLength(1);
  });

  it('a first call that waits for its turn gives up at once when its activity has to stop', async () => {
    const { calls, asked } = open(() => new Promise(() => undefined), { concurrency: 1, acceptMs: 60_000 });
    void calls.start(callOf('first'));
    const stop = new AbortController();
    const waiting = calls.start(callOf('second'), stop.signal);
    stop.abort(new Error('worker stops'));
    await expect(waiting).rejects.toThrow('worker stops');
    expect(asked.length).toBeLessThan(2);
  });

  it('sees a call to its end that the provider took late into its background', async () => {
    let answer = (_: Answer) => {};
    const { calls, asked } = open(
      (one) => (isPost(one) ? new Promise((resolve) => (answer = resolve)) : { body: response() }),
      { acceptMs: 20 },
    );
    const handle = asHandle(await calls.start(callOf('late')));
    const outcome = calls.wait(handle, noSignal());
    answer({ body: response({ status: 'queued', output: [], background: true }) });
    await expect(outcome).resolves.toMatchObject({ kind: 'answer' });
    expect(asked.filter(isPost)).toHaveLength(1);
  });
});
