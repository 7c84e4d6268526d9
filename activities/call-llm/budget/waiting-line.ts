import { DEFAULT_PRIORITY, type TaskPriority } from '../../../contracts/task-priority';

/** A call that waits for budget. */
export interface WaitingCall {
  turn: TaskPriority | undefined;
  tokens: number;
  /** It has waited before and was sent back, so it goes before those of its tenant that have not. */
  returned: boolean;
}

/** Calls that a tenant may make before it is the next one's turn: the calls of a pack shall not be torn apart. */
const QUANTUM = 10;

interface Lane<Call> {
  returned: Call[];
  fresh: Call[];
  /** Calls of this turn that were taken. */
  taken: number;
}

/** Calls in the order in which they get budget: the most urgent first, and among these the tenants by turns. */
export class WaitingLine<Call extends WaitingCall> {
  private readonly byPriority = new Map<number, Map<string, Lane<Call>>>();
  length = 0;
  tokens = 0;

  add(call: Call): void {
    const { priorityKey = DEFAULT_PRIORITY } = call.turn ?? {};
    const lanes = this.byPriority.get(priorityKey) ?? new Map<string, Lane<Call>>();
    this.byPriority.set(priorityKey, lanes);
    const lane = lanes.get(keyOf(call)) ?? { returned: [], fresh: [], taken: 0 };
    lanes.set(keyOf(call), lane);
    (call.returned ? lane.returned : lane.fresh).push(call);
    this.length += 1;
    this.tokens += call.tokens;
  }

  /** The one whose turn it is. */
  first(): Call | undefined {
    if (this.length === 0) return undefined;
    const [[, lane]] = this.mostUrgent() as unknown as [[string, Lane<Call>]];
    return lane.returned[0] ?? lane.fresh[0];
  }

  /** Takes the one whose turn it is, as `first` said. */
  shift(): Call | undefined {
    const call = this.first();
    if (!call) return undefined;
    const lanes = this.mostUrgent();
    const key = keyOf(call);
    const lane = lanes.get(key)!;
    (lane.returned.length > 0 ? lane.returned : lane.fresh).shift();
    lane.taken += 1;
    // A map keeps the order in which keys were added: the first has waited longest for its turn.
    if (lane.taken >= QUANTUM) {
      lane.taken = 0;
      lanes.delete(key);
      lanes.set(key, lane);
    }
    this.forget(call);
    this.tidy();
    return call;
  }

  /** Takes out all that `gone` says yes to. */
  remove(gone: (call: Call) => boolean): Call[] {
    const removed: Call[] = [];
    const keep = (call: Call): boolean => {
      if (!gone(call)) return true;
      removed.push(call);
      return false;
    };
    for (const lanes of this.byPriority.values()) {
      for (const lane of lanes.values()) {
        lane.returned = lane.returned.filter(keep);
        lane.fresh = lane.fresh.filter(keep);
      }
    }
    for (const call of removed) this.forget(call);
    this.tidy();
    return removed;
  }

  /** Another opinion of what each of them needs. */
  recount(tokensOf: (call: Call) => number): void {
    this.tokens = 0;
    for (const lanes of this.byPriority.values()) {
      for (const { returned, fresh } of lanes.values()) {
        for (const call of [...returned, ...fresh]) this.tokens += call.tokens = tokensOf(call);
      }
    }
  }

  /** How many wait, by tenant; those without one under ''. */
  waiting(): Record<string, number> {
    const counts = new Map<string, number>();
    for (const lanes of this.byPriority.values()) {
      for (const [key, lane] of lanes) counts.set(key, (counts.get(key) ?? 0) + lengthOf(lane));
    }
    return Object.fromEntries(counts);
  }

  /** Calls that will have been served before a new one of this tenant, about. */
  ahead(turn: TaskPriority | undefined): number {
    const { priorityKey = DEFAULT_PRIORITY, fairnessKey = '' } = turn ?? {};
    let ahead = 0;
    for (const [priority, lanes] of this.byPriority) {
      if (priority > priorityKey) continue;
      const own = priority === priorityKey ? lanes.get(fairnessKey) : undefined;
      const inLane = own ? lengthOf(own) : 0;
      for (const lane of lanes.values()) {
        const length = lengthOf(lane);
        ahead += priority < priorityKey ? length : Math.min(length, inLane + QUANTUM);
      }
    }
    return Math.min(ahead, this.length);
  }

  private mostUrgent(): Map<string, Lane<Call>> {
    return this.byPriority.get(Math.min(...this.byPriority.keys()))!;
  }

  private forget(call: Call): void {
    this.length -= 1;
    this.tokens = this.length === 0 ? 0 : this.tokens - call.tokens;
  }

  private tidy(): void {
    for (const [priority, lanes] of this.byPriority) {
      for (const [key, lane] of lanes) if (lengthOf(lane) === 0) lanes.delete(key);
      if (lanes.size === 0) this.byPriority.delete(priority);
    }
  }
}

function keyOf({ turn }: WaitingCall): string {
  return turn?.fairnessKey ?? '';
}

function lengthOf<Call>({ returned, fresh }: Lane<Call>): number {
  return returned.length + fresh.length;
}
