import { Counters } from './counters';
import { EventLog } from './event-log';
import type { FaultName } from './fault-names';
import { faultSettingsSchema, type FaultSettings } from './faults';
import { Lateness } from './lateness';
import type { Log } from './log';
import type { SimulatorOptions } from './options';
import { RateLimits } from './rate-limits';
import { tokensOf } from './render-response';
import { Responses, type EndStatus, type StoredResponse } from './responses';
import { WaitingCalls } from './waiting-calls';
import { Webhooks } from './webhooks';

/** While webhooks are sent, ends are noticed by themselves. */
const SETTLE_EVERY_MS = 20;

/** Everything the simulator knows, shared by its routes. */
export class Simulation {
  readonly counters = new Counters();
  readonly responses: Responses;
  /** Requests that are held open: inline calls, and those that hang. */
  readonly waiting = new WaitingCalls();
  readonly events: EventLog;
  readonly limits: RateLimits;
  readonly webhooks: Webhooks;
  readonly lateness = new Lateness();
  faults: FaultSettings;

  constructor(
    readonly options: SimulatorOptions,
    readonly log: Log,
  ) {
    this.limits = new RateLimits(options);
    this.faults = this.initialFaults();
    const { webhookUrl: url, webhookSecret: secret } = options;
    const to = url !== undefined && secret !== undefined ? { url, secret } : undefined;
    this.webhooks = new Webhooks(to, options, log, () => this.faults.away);
    this.events = new EventLog(options.events);
    this.responses = new Responses(options, (response, status) => {
      const { call, nth, endsAtMs } = response;
      this.counters.ended(call.jobKey, status);
      this.events.add({ job: call.jobKey, call: nth, what: status, at: endsAtMs });
      this.webhooks.tell(response, status);
      if (this.limits.countTokens && options.tokensCounted === 'used') this.charge(response, status);
    });
  }

  /** Begins what goes on by itself. Returns what ends it. */
  start(): () => void {
    if (!this.webhooks.enabled) return () => {};
    const timer = setInterval(() => this.responses.settle(this.now()), SETTLE_EVERY_MS);
    timer.unref();
    return () => {
      clearInterval(timer);
      this.webhooks.stop();
    };
  }

  /** Real milliseconds; never goes back, unlike the clock of the machine. */
  now(): number {
    return performance.timeOrigin + performance.now();
  }

  noteFault(fault: FaultName, jobKey: string): void {
    this.counters.faulted(fault);
    this.log.event(`injects ${fault} into ${jobKey}`);
  }

  /** Away: everything that is open ends with a connection reset, and everything that comes, too. */
  setFaults(settings: FaultSettings): void {
    this.faults = settings;
    if (settings.away) this.waiting.resetAll();
    this.log.line(`faults are now ${JSON.stringify(settings)}`);
  }

  /** As just started: nothing counted, no response known, the faults of the start. Open calls are cut off. */
  reset(): void {
    this.waiting.resetAll();
    this.responses.clear();
    this.counters.reset();
    this.events.reset();
    this.limits.reset();
    this.webhooks.reset();
    this.lateness.reset();
    this.faults = this.initialFaults();
    this.log.line('was reset');
  }

  /** Whatever did not come to its end has read its prompt. */
  private charge({ call, nth, outcome, endsAtMs }: StoredResponse, status: EndStatus): void {
    const isWhole = status === 'completed' || status === 'incomplete';
    const tokens = isWhole ? tokensOf(call, nth, outcome, this.options.seed) : call.inputTokens;
    this.limits.charge(call.model, tokens, endsAtMs);
  }

  private initialFaults(): FaultSettings {
    return faultSettingsSchema.parse({ rates: this.options.faults });
  }
}
