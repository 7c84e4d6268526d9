import OpenAI from 'openai';
import { z } from 'zod';
import { createBackgroundCalls } from '../../activities/call-llm/background-calls';
import { observingFetch } from '../../activities/call-llm/budget/observe-limits';
import { openBudgets } from '../../activities/call-llm/budget/open-budgets';
import { withBudget } from '../../activities/call-llm/budget/with-budget';
import { policySchema } from '../../contracts/policy';
import type { LlmCall } from '../../contracts/stages';
import { definePipeline } from '../../pipelines/define-pipeline';
import { createDatabase } from '../../runtime/database';
import { createLogger } from '../../runtime/logger';

/** What a round is told, as JSON in the first argument. */
export interface CallerOptions {
  name: string;
  shared: boolean;
  baseUrl: string;
  databaseUrl: string;
  jobs: number;
  maxOutputTokens: number;
  /** When waits begin to count and when all ends, ms since 1970. */
  countFrom: number;
  endAt: number;
}

const MODEL = 'gpt-5';
const { llm: policy } = policySchema.parse({});

/** One process that has so many jobs at a time, always: each waits for its call to be made, and then for its answer. */
async function main(options: CallerOptions): Promise<void> {
  const { shared, baseUrl, databaseUrl, maxOutputTokens, endAt } = options;
  const pipeline = definePipeline({
    name: 'bench',
    request: z.object({}),
    response: z.object({ summary: z.string() }),
    prompt: () => ({ instructions: '', input: '' }),
  });
  const client = new OpenAI({ apiKey: 'any', baseURL: baseUrl, maxRetries: 0, fetch: observingFetch() });
  const plain = createBackgroundCalls({
    client,
    model: MODEL,
    concurrency: 64,
    pipelineNamed: () => pipeline,
  });
  const logger = createLogger({ level: 'warn', format: 'json' }, 'bench');
  const database = createDatabase({ url: databaseUrl });
  const budgets = openBudgets({ llm: { baseUrl, limits: {} }, database, logger });
  const calls = shared ? withBudget(plain, { budgetOf: budgets.of, modelOf: () => MODEL }) : plain;

  const waits: number[] = [];
  let jobs = 0;
  /** As the workflow of a job does it: doubling, never less than what was asked for, whole seconds. */
  const work = async (): Promise<void> => {
    while (Date.now() < endAt) {
      const begunAt = Date.now();
      const jobId = `${options.name}-${jobs++}`;
      let attempt = 1;
      let returned = false;
      while (Date.now() < endAt) {
        const { signal } = new AbortController();
        const started = await calls.start({ ...callOf(jobId, attempt), maxOutputTokens, returned }, signal);
        if (!('kind' in started)) {
          if (begunAt >= options.countFrom && Date.now() < endAt) waits.push(Date.now() - begunAt);
          const left = AbortSignal.timeout(Math.max(1, endAt - Date.now()));
          const outcome = await calls.wait(started, left).catch(() => undefined);
          if (outcome) calls.settle?.(started, outcome);
          break;
        }
        const { retryAfterMs = 0, notMade = false } = started.kind === 'retry' ? started : {};
        returned = notMade;
        const doubled = Math.min(policy.maxBackoffMs, policy.backoffMs * 2 ** (attempt - 1));
        const waitMs = Math.ceil(Math.max(notMade ? 0 : doubled, retryAfterMs) / 1_000) * 1_000;
        if (!notMade) attempt += 1;
        await new Promise((resolve) =>
          setTimeout(resolve, Math.min(waitMs, Math.max(0, endAt - Date.now()))),
        );
      }
    }
  };
  // Waiting for budget alone keeps no process running.
  const running = setInterval(() => undefined, 1_000);
  await Promise.all(Array.from({ length: options.jobs }, work));
  clearInterval(running);
  await budgets.close();
  await database.close();
  process.stdout.write(`${JSON.stringify({ waits })}\n`);
}

function callOf(jobId: string, attempt: number): Omit<LlmCall, 'maxOutputTokens'> {
  const prompt = {
    instructions: 'Be brief.',
    input: `Summarise document ${jobId}. ${'Words. '.repeat(100)}`,
  };
  const { timeoutMs } = policy;
  return { index: 0, jobId, pipeline: 'bench', prompt, timeoutMs, attempt };
}

main(JSON.parse(process.argv[2] ?? '') as CallerOptions).then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
