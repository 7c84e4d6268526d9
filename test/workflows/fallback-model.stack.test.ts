import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../../runtime/project-root';
import { recordHistory } from '../support/record-history';
import { useRig } from '../support/use-rig';

const rig = useRig();

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'headway-fallback-'))));
afterEach(() => rmSync(folder, { recursive: true }));

/** A pipeline that asks `gpt-first`, and `gpt-second` when that gives no answer. Only the second has a price. */
function environment(): NodeJS.ProcessEnv {
  const library = join(projectRoot(), 'dist', 'library', 'index.js');
  const path = join(folder, 'pipeline.js');
  writeFileSync(
    path,
    `const { definePipeline, z } = require(${JSON.stringify(library)});
exports.note = definePipeline({
  name: 'note',
  request: z.strictObject({ text: z.string() }),
  response: z.object({ words: z.number() }),
  prompt: ({ text }) => ({ instructions: 'Count the words.', input: text }),
  policy: { llm: { model: 'gpt-first', fallbackModel: 'gpt-second', repairAttempts: 1 } },
});
`,
  );
  const models = { 'gpt-first': { input: 0, output: 0 }, 'gpt-second': { input: 1_000, output: 1_000 } };
  return { HEADWAY_PIPELINES: path, LLM_PRICES: JSON.stringify({ models }) };
}

const directives = {
  fine: '',
  refused: 'refusal model=gpt-first',
  rejected: 'bad_request model=gpt-first',
  filtered: 'incomplete reason=content_filter model=gpt-first',
  malformed: 'malformed model=gpt-first',
  limited: 'rate_limit times=1 retry_after=300 model=gpt-first',
  cut: 'incomplete times=1',
  hopeless: 'malformed',
  unwanted: 'refusal',
  dear: 'refusal model=gpt-first',
};

test('a job without an answer from the first model gets one from the fallback model, or fails and says what was wrong with both', async () => {
  const env = environment();
  const id = (name: string) => `${rig.name}-${name}`;
  const jobs = Object.entries(directives).map(([name, directive]) => ({
    id: id(name),
    pipeline: 'note',
    ...(name === 'dear' && { maxCostUsd: 0.5 }),
    input: { text: `One two three. ${directive && `[[simulate: ${directive}]]`}` },
  }));
  await rig.produce(jobs);
  const worker = await rig.startWorker(env);
  await rig.startBridge(env);
  const results = await rig.resultsFor(jobs.map((job) => job.id));
  const end = (name: keyof typeof directives) => {
    const records = results.get(id(name)) ?? [];
    // A record may appear twice, when the server asks for the same step of a pack once more.
    expect(new Set(records.map(({ bytes }) => bytes)).size).toBe(1);
    return records[0]!.result;
  };

  const first = { status: 'completed', model: 'gpt-first', usage: { costNanoUsd: 0 } };
  const pack = end('fine').workflow.id;
  expect(end('fine')).toMatchObject({ ...first, usage: { llmCalls: 1 } });
  // Waited out: the model that answers 429 is asked again.
  expect(end('limited')).toMatchObject({ ...first, workflow: { id: pack } });
  // Once more, with room for more.
  expect(end('cut')).toMatchObject({ ...first, usage: { llmCalls: 2 }, workflow: { id: pack } });

  const calls = { refused: 2, rejected: 1, filtered: 2, malformed: 3 };
  for (const [name, llmCalls] of Object.entries(calls)) {
    const result = end(name as keyof typeof calls);
    expect(result).toMatchObject({ status: 'completed', model: 'gpt-second', usage: { llmCalls } });
    expect(result.usage.costNanoUsd).toBeGreaterThan(0);
    // A model that is gone is trouble of all jobs, which must not become workflows.
    expect(result.workflow.id).toBe(name === 'malformed' ? id(name) : pack);
  }

  const hopeless = end('hopeless');
  expect(hopeless).toMatchObject({
    status: 'failed',
    error: { stage: 'call-llm', type: 'HW_LLM_BAD_ANSWER', attempts: 4 },
    usage: { llmCalls: 4 },
  });
  expect(hopeless.error?.message).toMatch(
    /^the answer is .+ \(fallback model gpt-second\); before that, gpt-first: the answer is .+ \(HW_LLM_BAD_ANSWER\)$/,
  );
  expect(hopeless).not.toHaveProperty('model');
  expect(end('unwanted').error).toMatchObject({ type: 'HW_LLM_REFUSED', attempts: 2 });
  expect(end('unwanted').error?.message).toMatch(
    /^the model refused: .+ \(fallback model gpt-second\); before that, gpt-first: the model refused: .+ \(HW_LLM_REFUSED\)$/,
  );
  // All the output that the fallback model may write would cost 4 USD; that of the first is free.
  expect(end('dear').error).toMatchObject({ type: 'HW_COST_CEILING' });
  expect(end('dear').error?.message).toMatch(
    /^budget: .+ \(fallback model gpt-second\); before that, gpt-first: the model refused: /,
  );
  const { address } = JSON.parse(await worker.logged(/health and metrics are served/)) as { address: string };
  const metrics = await (await fetch(`${address}/metrics`)).text();
  for (const model of ['gpt-first', 'gpt-second']) {
    // Which budget a call was taken from, and for which model it counts.
    expect(metrics).toMatch(
      new RegExp(`^headway_llm_budget_taken_total{model="${model}",unit="requests".*} [1-9]`, 'm'),
    );
    expect(metrics).toMatch(new RegExp(`^headway_llm_used_calls_total{.*model="${model}".*} [1-9]`, 'm'));
  }
  expect(metrics).not.toMatch(/^headway_llm_(budget_taken|used_calls)_total{.*model="gpt-5/m);
  await recordHistory(rig.client, pack, 'pack-with-fallback');
  await recordHistory(rig.client, id('malformed'), 'job-with-fallback');
  await recordHistory(rig.client, id('hopeless'), 'job-with-fallback-failed');
});
