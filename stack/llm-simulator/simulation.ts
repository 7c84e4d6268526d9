import { Counters } from './counters';
import type { FaultName } from './fault-names';
import { faultSettingsSchema, type FaultSettings } from './faults';
import type { Log } from './log';
import type { SimulatorOptions } from './options';
import { RateLimits } from './rate-limits';
import { Responses } from './responses';
import { WaitingCalls } from './waiting-calls';

/** Everything the simulator knows, shared by its routes. */
export class Simulation {
  readonly counters = new Counters();
  readonly responses: Responses;
  /** Requests that are held open: inline calls, and those that hang. */
  readonly waiting = new WaitingCalls();
  readonly limits: RateLimits;
  faults: FaultSettings;

  constructor(
    readonly options: SimulatorOptions,
    readonly log: Log,
  ) {
    this.limits = new RateLimits(options);
    this.faults = this.initialFaults();
    this.responses = new Responses(options, ({ call }, status) => this.counters.ended(call.jobKey, status));
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
    this.limits.reset();
    this.faults = this.initialFaults();
    this.log.line('was reset');
  }

  private initialFaults(): FaultSettings {
    return faultSettingsSchema.parse({ rates: this.options.faults });
  }
}
