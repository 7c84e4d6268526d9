import type { FaultName } from './fault-names';
import type { EndStatus } from './responses';

/** What happened to the calls of one job, or of all. */
export interface CallCounts extends Record<EndStatus, number> {
  /** Valid create requests, the refused ones included. */
  calls: number;
  /** Calls that began: what a provider would bill. */
  accepted: number;
  /** Create requests and polls that an error answered, by HTTP status. */
  rejected: Record<string, number>;
  polls: number;
  /** Create requests that repeated an idempotency key and began nothing. */
  repeated: number;
}

export interface Totals extends CallCounts {
  jobs: number;
  inFlight: number;
  peakInFlight: number;
  /** How often each fault struck. */
  faults: Partial<Record<FaultName, number>>;
}

type Event = Exclude<keyof CallCounts, 'rejected'>;

const emptyCounts = (): CallCounts => ({
  calls: 0,
  accepted: 0,
  completed: 0,
  incomplete: 0,
  failed: 0,
  cancelled: 0,
  aborted: 0,
  rejected: {},
  polls: 0,
  repeated: 0,
});

/** Counts calls by job, for tests and for the demo to read. Forgets the oldest jobs beyond `jobLimit`. */
export class Counters {
  private jobs = new Map<string, CallCounts>();
  private totals: Totals = emptyTotals();

  constructor(private readonly jobLimit = 200_000) {}

  count(jobKey: string, event: Event): CallCounts {
    const job = this.job(jobKey);
    job[event]++;
    this.totals[event]++;
    if (event === 'accepted') {
      this.totals.inFlight++;
      this.totals.peakInFlight = Math.max(this.totals.peakInFlight, this.totals.inFlight);
    }
    return job;
  }

  ended(jobKey: string, status: EndStatus): void {
    this.count(jobKey, status);
    this.totals.inFlight--;
  }

  /** @param jobKey undefined when the request was too broken to tell its job */
  rejected(jobKey: string | undefined, status: number): void {
    const counted = jobKey === undefined ? [this.totals] : [this.totals, this.job(jobKey)];
    for (const { rejected } of counted) rejected[status] = (rejected[status] ?? 0) + 1;
  }

  faulted(fault: FaultName): void {
    this.totals.faults[fault] = (this.totals.faults[fault] ?? 0) + 1;
  }

  readTotals(): Totals {
    return { ...this.totals, jobs: this.jobs.size };
  }

  readJobs(): Record<string, CallCounts> {
    return Object.fromEntries(this.jobs);
  }

  /** Zeros for a job that was never seen. */
  readJob(jobKey: string): CallCounts {
    return this.jobs.get(jobKey) ?? emptyCounts();
  }

  reset(): void {
    this.jobs = new Map();
    this.totals = emptyTotals();
  }

  private job(jobKey: string): CallCounts {
    let job = this.jobs.get(jobKey);
    if (!job) {
      if (this.jobs.size >= this.jobLimit) this.forgetOldest(this.jobLimit / 4);
      job = emptyCounts();
      this.jobs.set(jobKey, job);
    }
    return job;
  }

  private forgetOldest(count: number): void {
    for (const key of this.jobs.keys()) {
      if (count-- <= 0) return;
      this.jobs.delete(key);
    }
  }
}

function emptyTotals(): Totals {
  return { ...emptyCounts(), jobs: 0, inFlight: 0, peakInFlight: 0, faults: {} };
}
