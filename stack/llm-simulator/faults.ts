import { z } from 'zod';
import type { Outcome } from './answer';
import type { Call } from './call';
import type { Directive } from './directives';
import { faultNames, pollFaults, type FaultName, type FaultRates } from './fault-names';
import { drawLatencyMs } from './latency';
import { checkFaultRates, type SimulatorOptions } from './options';
import { createRandom } from './random';
import type { StoredResponse } from './responses';

const rates = (names: readonly FaultName[]) =>
  z.partialRecord(z.enum(names as [FaultName, ...FaultName[]]), z.number()).superRefine((given, context) => {
    try {
      checkFaultRates(given);
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message });
    }
  });

/** The body of `PUT /simulator/faults`; it replaces all that was set before. */
export const faultSettingsSchema = z.strictObject({
  /** Every request is answered with a connection reset, `/simulator/` excepted. */
  away: z.boolean().default(false),
  rates: rates(faultNames).default({}),
  pollRates: rates(pollFaults).default({}),
});
export type FaultSettings = z.output<typeof faultSettingsSchema>;

/** What is going to happen to one call. Times are real milliseconds. */
export interface Plan {
  fault?: FaultName;
  latencyMs: number;
  outcome: Outcome;
  retryAfterMs: number;
  /** Where `disconnect` cuts. */
  part: 'before' | 'body';
}

// A provider gives up on such a call at some time, too; it also bounds what a forgotten one costs in memory.
const hangMs = 3_600_000;
const usualRetryAfterMs = 2_000;

/** Decides about the nth call of a job: its directives first, otherwise the rates. The same answer every time. */
export function planCall(call: Call, nth: number, settings: FaultSettings, options: SimulatorOptions): Plan {
  const random = createRandom('call', options.seed, call.jobKey, nth);
  const directives = call.directives.filter(({ at, times }) => at === 'create' && nth <= times);
  const directive = directives.find(({ fault }) => fault !== undefined);
  let latencyMs = drawLatencyMs(options, random);
  const fault = directive?.fault ?? faultByRate(settings.rates, random.next());
  const part = directive?.part ?? (random.chance(0.5) ? 'before' : 'body');
  const asked = directives.find((one) => one.latencyMs !== undefined)?.latencyMs;
  if (fault === 'slow') latencyMs = options.latencySlowMs * options.timeScale;
  if (asked !== undefined) latencyMs = asked * options.timeScale;
  if (fault === 'hang') latencyMs = hangMs;
  const retryAfterMs = retryAfterOf(directive, options);
  return { fault, latencyMs, outcome: outcomeOf(fault, directive), retryAfterMs, part };
}

/** Decides about one poll of a response; `response.polls` already counts it. */
export function planPoll(response: StoredResponse, settings: FaultSettings, options: SimulatorOptions) {
  const { call, nth, polls } = response;
  const directive = call.directives.find(({ at, times }) => at === 'poll' && polls <= times);
  let fault = directive?.fault;
  if (!fault && Object.keys(settings.pollRates).length > 0) {
    fault = faultByRate(
      settings.pollRates,
      createRandom('poll', options.seed, call.jobKey, nth, polls).next(),
    );
  }
  return { fault, retryAfterMs: retryAfterOf(directive, options) };
}

function retryAfterOf(directive: Directive | undefined, options: SimulatorOptions): number {
  return Math.round((directive?.retryAfterMs ?? usualRetryAfterMs) * options.timeScale);
}

function faultByRate(faultRates: FaultRates, roll: number): FaultName | undefined {
  let limit = 0;
  for (const name of faultNames) {
    limit += faultRates[name] ?? 0;
    if (roll < limit) return name;
  }
  return undefined;
}

function outcomeOf(fault: FaultName | undefined, directive: Directive | undefined): Outcome {
  if (fault === 'malformed' || fault === 'wrong_schema' || fault === 'refusal') return { kind: fault };
  if (fault === 'incomplete') return { kind: fault, reason: directive?.reason ?? 'max_output_tokens' };
  if (fault === 'failed' || fault === 'hang')
    return { kind: 'failed', code: directive?.reason ?? 'server_error' };
  return { kind: 'completed' };
}
