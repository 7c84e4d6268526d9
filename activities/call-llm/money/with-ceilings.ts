import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../../../contracts/errors';
import { noUsage } from '../../../contracts/no-usage';
import type { LlmCall, LlmHandle, LlmOutcome } from '../../../contracts/stages';
import { costOf, priceOf, type LlmPrices } from '../../../runtime/llm-prices';
import type { Logger } from '../../../runtime/logger';
import { createSeldom } from '../../../runtime/seldom';
import { within } from '../../../runtime/within';
import type { LlmCalls } from '../llm-calls';
import type { SpendingStore } from './spending-store';

export interface WithCeilingsOptions {
  prices?: LlmPrices;
  modelOf: (call: LlmCall) => string;
  /** What a tenant may spend in a day, in nano-dollars; undefined when there is no ceiling. */
  dailyCeilingOf: (tenant: string | undefined) => number | undefined;
  spending: SpendingStore;
  /** Costs that are being written, which end before the database is closed. */
  writes?: Set<Promise<void>>;
  logger?: Pick<Logger, 'warn'>;
}

const CHARACTERS_PER_TOKEN = 4;
/** While calls under way take up the rest of the day. Each round of waiting puts the prompts of a pack into its history once more. */
const WAIT_MS = 2_000;
const AWAY_MS = 5_000;
const LONGEST_WAIT_MS = 60_000;
/** Tenants that wait and never come again are forgotten with all others. */
const WAITING_TENANTS_MAX = 10_000;
const GIVE_BACK_MAX = 1_000;
/** A call may be awaited late, by a worker that was just started. */
const RESERVED_AFTER_TIMEOUT_MS = 3_600_000;
const SETTLE_ATTEMPTS = 5;
/** So long an end may be held up by a database that hangs. */
const SETTLE_WAIT_MS = 1_000;

/**
 * The same calls, but one that may take its job or its tenant over a ceiling is not made: it ends as `final`, at once. What it may cost is
 * set aside before it is made, for all workers, and replaced by what it cost.
 */
export function withCeilings(calls: LlmCalls, options: WithCeilingsOptions): LlmCalls {
  const { prices, modelOf, dailyCeilingOf, spending, logger, writes = new Set() } = options;
  const seldom = createSeldom(60_000);
  /** Of tenants whose calls have to wait: since when, and when one did last. Milliseconds since 1970. */
  const waiting = new Map<string, { since: number; last: number }>();
  /** What may have been set aside by questions that had no answer. */
  const toGiveBack: string[] = [];
  let givingBack: Promise<void> | undefined;

  return {
    ...calls,

    async start(call, signal, turn) {
      const { tenant, maxNanoUsd, spentNanoUsd = 0 } = call.account ?? {};
      const daily = dailyCeilingOf(tenant);
      if (maxNanoUsd === undefined && daily === undefined) return await calls.start(call, signal, turn);
      const model = modelOf(call);
      const atMost = mayCost(call, model);
      if (atMost === undefined)
        return over(call, `there is a ceiling, but LLM_PRICES has no price for model ${model}`);
      if (maxNanoUsd !== undefined && spentNanoUsd + atMost > maxNanoUsd) {
        const spent = `the job has spent ${usd(spentNanoUsd)} of at most ${usd(maxNanoUsd)} USD (maxCostUsd)`;
        return over(call, `${spent}, and its next call may cost ${usd(atMost)}`);
      }
      if (daily === undefined) return held(await calls.start(call, signal, turn), atMost);

      const id = randomUUID();
      const lastsMs = call.timeoutMs + RESERVED_AFTER_TIMEOUT_MS;
      const key = tenant ?? '';
      try {
        const request = { id, tenant: key, amount: atMost, ceiling: daily, lastsMs };
        const { outcome, spent } = await spending.reserve(request);
        if (outcome === 'wait')
          return wait(
            call,
            'calls under way may use up what its tenant has left today',
            waitMs(key, WAIT_MS),
          );
        waiting.delete(key);
        if (outcome === 'over') {
          const who = tenant === undefined ? 'the jobs without a tenant have' : 'the tenant has';
          const today = `${who} spent ${usd(spent)} of ${usd(daily)} USD today, in UTC (LLM_TENANT_DAILY_COST_USD)`;
          return over(call, `${today}, and this call may cost ${usd(atMost)}`);
        }
      } catch (error) {
        tellAway(error);
        giveBack(id);
        return wait(call, 'what its tenant has spent today cannot be read', waitMs(key, AWAY_MS));
      }
      try {
        const started = await calls.start(call, signal, turn);
        if ('kind' in started) await settle(id, costOfEnded(started, atMost));
        return held(started, atMost, id);
      } catch (error) {
        await settle(id, 0);
        throw error;
      }
    },

    async wait(handle, signal, turn) {
      const outcome = await calls.wait(handle, signal, turn);
      if (!handle.held) return outcome;
      const { nanoUsd, id } = handle.held;
      const cost = outcome.usage.costNanoUsd;
      if (id !== undefined) await settle(id, cost ?? nanoUsd);
      return cost === undefined ? { ...outcome, atMostNanoUsd: nanoUsd } : outcome;
    },

    async cancel(handle, turn) {
      await calls.cancel(handle, turn);
      if (handle.held?.id !== undefined) await settle(handle.held.id, handle.held.nanoUsd);
    },
  };

  /** About as long as its tenant has waited already. In steps, so that calls which wait together come again together. */
  function waitMs(tenant: string, firstMs: number): number {
    const now = Date.now();
    if (waiting.size >= WAITING_TENANTS_MAX) waiting.clear();
    const before = waiting.get(tenant);
    // Other workers may have set something aside for it since.
    const since = before && now - before.last <= 2 * LONGEST_WAIT_MS ? before.since : now;
    waiting.set(tenant, { since, last: now });
    const doublings = Math.max(0, Math.floor(Math.log2((now - since) / firstMs)));
    return Math.min(LONGEST_WAIT_MS, firstMs * 2 ** doublings);
  }

  /**
   * A question without an answer may have been carried out all the same, by a server that did not get to say so. One after the other, each once: a database that is
   * away has enough to do when it comes back, and what is not given back expires.
   */
  function giveBack(id: string): void {
    if (toGiveBack.length < GIVE_BACK_MAX) toGiveBack.push(id);
    givingBack ??= giveAllBack().finally(() => (givingBack = undefined));
  }

  async function giveAllBack(): Promise<void> {
    for (let id = toGiveBack.shift(); id !== undefined; id = toGiveBack.shift())
      await spending.settle(id, 0).catch(() => undefined);
  }

  /** Nano-dollars: the prompt, and all the answer may have. What searches cost is not known before. */
  function mayCost({ prompt, repair, maxOutputTokens }: LlmCall, model: string): number | undefined {
    const price = priceOf(prices, model);
    const characters = prompt.instructions.length + prompt.input.length + (repair?.answer.length ?? 0);
    const inputTokens = Math.ceil(characters / CHARACTERS_PER_TOKEN);
    return price && costOf(price, { inputTokens, outputTokens: maxOutputTokens, webSearches: 0 });
  }

  /** Resolves when it is written, and after a second at the latest: it goes on by itself then. */
  async function settle(id: string, cost: number): Promise<void> {
    const written = write(id, cost);
    writes.add(written);
    void written.then(() => writes.delete(written));
    await within(SETTLE_WAIT_MS, written, () => undefined);
  }

  /** Never throws: what cannot be written stays set aside until it expires. */
  async function write(id: string, cost: number): Promise<void> {
    for (let attempt = 1; attempt <= SETTLE_ATTEMPTS; attempt += 1) {
      try {
        return await spending.settle(id, cost);
      } catch (error) {
        tellAway(error);
        if (attempt < SETTLE_ATTEMPTS) await delay(200 * attempt);
      }
    }
  }

  function tellAway(error: unknown): void {
    seldom('spending', (times) =>
      logger?.warn(
        { reason: messageOf(error), times },
        'what tenants spend cannot be counted in PostgreSQL (stack/postgres/migrations/004_llm_spending.sql); calls of tenants with a ceiling wait',
      ),
    );
  }
}

function costOfEnded({ usage }: LlmOutcome, atMost: number): number {
  return usage.llmCalls === 0 ? 0 : (usage.costNanoUsd ?? atMost);
}

function held(started: LlmHandle | LlmOutcome, nanoUsd: number, id?: string): LlmHandle | LlmOutcome {
  // One of which nobody can say whether it was made counts as made.
  if ('kind' in started)
    return started.usage.llmCalls > 0 && started.usage.costNanoUsd === undefined
      ? { ...started, atMostNanoUsd: nanoUsd }
      : started;
  return { ...started, held: id === undefined ? { nanoUsd } : { nanoUsd, id } };
}

function over({ index }: LlmCall, why: string): LlmOutcome {
  const now = Date.now();
  const message = `budget: ${why}`;
  return {
    index,
    startedAt: now,
    endedAt: now,
    usage: noUsage,
    kind: 'final',
    code: 'HW_COST_CEILING',
    message,
  };
}

function wait({ index }: LlmCall, message: string, retryAfterMs: number): LlmOutcome {
  const now = Date.now();
  return {
    ...{ index, startedAt: now, endedAt: now, usage: noUsage, kind: 'retry', code: 'HW_COST_CEILING' },
    ...{ message, shared: true, notMade: true, retryAfterMs },
  };
}

function usd(nano: number): string {
  return (nano / 1e9).toFixed(6);
}
