import { createBackgroundCalls } from '../../../activities/call-llm/background-calls';
import { createInlineCalls } from '../../../activities/call-llm/inline-calls';
import { asHandle, callOf, noSignal } from './simulator';
import { response, scriptedProvider } from './scripted-provider';

const price = (usd: number) => ({ input: usd, output: usd });

test.each(['background', 'inline'])(
  'a call that is %s costs what the model it names does, where the answer names one without a price',
  async (mode) => {
    const { options } = scriptedProvider(() => ({ body: response() }));
    const priced = { ...options, prices: { [options.model]: price(1), named: price(2) } };
    const calls = mode === 'inline' ? createInlineCalls(priced, 'llm@1') : createBackgroundCalls(priced);
    const costOf = async (model?: string) => {
      const handle = asHandle(await calls.start(callOf('job', '', model === undefined ? {} : { model })));
      return (await calls.wait(handle, noSignal())).usage.costNanoUsd;
    };
    // 10 tokens.
    expect([await costOf(), await costOf('named')]).toEqual([10_000, 20_000]);
  },
);
