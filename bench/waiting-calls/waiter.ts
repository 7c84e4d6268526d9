import { monitorEventLoopDelay } from 'node:perf_hooks';
import OpenAI from 'openai';
import { z } from 'zod';
import { createBackgroundCalls } from '../../activities/call-llm/background-calls';
import { nextWave } from '../../activities/call-llm/next-wave';
import { policySchema } from '../../contracts/policy';
import type { LlmCall, LlmHandle } from '../../contracts/stages';
import { definePipeline } from '../../pipelines/define-pipeline';

/** As JSON in the first argument. */
export interface WaiterOptions {
  calls: number;
  seconds: number;
  /** Of the simulator. */
  origin: string;
}

const PACK = 50;
const WARM_UP_SECONDS = 30;
const begunAt = Date.now();

async function main({ calls, seconds, origin }: WaiterOptions): Promise<void> {
  await untilUp(origin);
  const pipeline = definePipeline({
    name: 'bench',
    request: z.object({}),
    response: z.object({ summary: z.string() }),
    prompt: () => ({ instructions: '', input: '' }),
  });
  const client = new OpenAI({ apiKey: 'any', baseURL: `${origin}/v1`, maxRetries: 0 });
  const llmCalls = createBackgroundCalls({
    client,
    model: 'gpt-5',
    concurrency: 64,
    pipelineNamed: () => pipeline,
  });
  const stop = new AbortController();
  const counts = { made: 0, waiting: 0, ended: 0, failed: 0 };
  const before = memory();

  /** Has so many calls at a time, and makes a new one for each that has ended. */
  const pack = async (): Promise<void> => {
    let handles: LlmHandle[] = [];
    while (!stop.signal.aborted) {
      const missing = Array.from({ length: PACK - handles.length }, () =>
        llmCalls.start(callOf(counts.made++)),
      );
      for (const one of await Promise.all(missing)) {
        if ('kind' in one) counts.failed += 1;
        else handles.push(one);
        if (!('kind' in one)) counts.waiting += 1;
      }
      if (handles.length === 0) continue;
      const outcomes = await nextWave(handles, stop.signal, (handle, signal) =>
        llmCalls.wait(handle, signal),
      );
      const ended = new Set(outcomes.map(({ index }) => index));
      handles = handles.filter(({ index }) => !ended.has(index));
      counts.waiting -= outcomes.length;
      counts.ended += outcomes.length;
      counts.failed += outcomes.filter(({ kind }) => kind !== 'answer').length;
    }
  };
  const packs = Array.from({ length: Math.ceil(calls / PACK) }, () =>
    pack().catch(rethrowUnless(stop.signal)),
  );
  const limit = Date.now() + 180_000;
  while (counts.waiting < calls * 0.99) {
    if (Date.now() > limit) throw new Error(`only ${counts.waiting} calls wait after 180 s`);
    await progress(counts);
  }
  for (const end = Date.now() + WARM_UP_SECONDS * 1_000; Date.now() < end;) await progress(counts);

  const first = { ...counts, polls: await polls(origin), cpu: process.cpuUsage(), at: Date.now() };
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  let least = Infinity;
  for (const end = Date.now() + seconds * 1_000; Date.now() < end;) {
    await progress(counts);
    least = Math.min(least, counts.waiting);
  }
  delay.disable();
  const { user, system } = process.cpuUsage(first.cpu);
  const measured = (Date.now() - first.at) / 1_000;
  const ended = counts.ended - first.ended;
  const pollsMade = (await polls(origin)) - first.polls;
  const resident = process.memoryUsage.rss();
  const after = memory();
  const ms = (nanoseconds: number) => `${(nanoseconds / 1e6).toFixed(0)} ms`;
  print(
    `${least} calls or more waited, ${ended} ended in ${measured.toFixed(0)} s, ${counts.failed} failed in all`,
  );
  print(
    `memory: ${((after - before) / counts.waiting / 1024).toFixed(1)} KiB of heap a waiting call, ${(resident / 2 ** 20).toFixed(0)} MiB resident`,
  );
  print(
    `event-loop delay: p50 ${ms(delay.percentile(50))}, p99 ${ms(delay.percentile(99))}, max ${ms(delay.max)}, with a resolution of 10 ms`,
  );
  print(
    `${(pollsMade / measured).toFixed(0)} polls/s, ${(pollsMade / ended).toFixed(1)} for each call that ended`,
  );
  print(
    `CPU: ${((user + system) / 1e4 / measured).toFixed(0)} % of a core, ${((user + system) / 1e3 / ended).toFixed(1)} ms for each call that ended`,
  );
  stop.abort(new Error('measured'));
  await Promise.all(packs);
}

function callOf(index: number): LlmCall {
  const { timeoutMs } = policySchema.parse({}).llm;
  const prompt = { instructions: 'Be brief.', input: `Summarise document ${index}.` };
  return {
    ...{ index, jobId: `job-${index}`, pipeline: 'bench', prompt, maxOutputTokens: 1_000 },
    ...{ timeoutMs: Math.max(timeoutMs, 900_000), attempt: 1 },
  };
}

/** Bytes that are in use, garbage not counted. */
function memory(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

async function polls(origin: string): Promise<number> {
  const response = await fetch(`${origin}/simulator/calls?totals=only`);
  return ((await response.json()) as { totals: { polls: number } }).totals.polls;
}

async function progress({ waiting, ended }: { waiting: number; ended: number }): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  const seconds = Math.round((Date.now() - begunAt) / 1_000);
  process.stderr.write(`${seconds} s: ${waiting} calls wait, ${ended} have ended\n`);
}

async function untilUp(origin: string): Promise<void> {
  for (const end = Date.now() + 20_000; ;) {
    const up = await fetch(`${origin}/healthz`).catch(() => undefined);
    if (up?.ok) return;
    if (Date.now() > end) throw new Error('the simulator did not start');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function rethrowUnless(signal: AbortSignal): (error: unknown) => void {
  return (error) => {
    if (!signal.aborted) throw error;
  };
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

main(JSON.parse(process.argv[2] ?? '') as WaiterOptions).then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
