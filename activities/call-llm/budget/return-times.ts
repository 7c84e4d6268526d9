import type { TaskPriority } from '../../../contracts/task-priority';
import type { Amount, Limits } from './budget-store';
import type { WaitingCall, WaitingLine } from './waiting-line';

const RETURN_MIN_MS = 1_000;
/** Those sent back come again so much before their turn: one that comes late leaves budget unused, one that is early waits in line. */
const RETURN_EARLY_MS = 5_000;
const RETURN_MAX_MS = 10 * 60_000;
/** As long as calls have patience. */
const LINE_MAX_MS = 10_000;

/** How fast one process gets budget. */
export interface Pace {
  /** In force for all processes. */
  limits: Limits;
  /** Of this one, 0 to 1. */
  share: number;
  processes: number;
  /** Nobody gets anything until then, ms since 1970. */
  pausedUntil: number;
}

/** When calls have their turn, and when those that cannot wait for it are to come again. */
export class ReturnTimes {
  private readonly promised = new Map<string, number>();

  constructor(
    private readonly line: Pick<WaitingLine<WaitingCall>, 'ahead' | 'length' | 'tokens' | 'waiting'>,
    private readonly pace: Readonly<Pace>,
  ) {}

  /** Milliseconds until a new call would have its turn, about. */
  waitMs(turn: TaskPriority | undefined, tokens: number): number {
    const promised = (this.promised.get(keyOf(turn)) ?? 0) - Date.now();
    return Math.max(this.lineMs(turn, tokens), promised, this.pace.pausedUntil - Date.now());
  }

  /** In how many milliseconds a call is to come again. Those that are sent back one after another are promised times one after another. */
  promise(turn: TaskPriority | undefined, tokens: number): number {
    const now = Date.now();
    const tenants = Math.max(1, Object.keys(this.line.waiting()).length);
    const turnMs = this.msFor({ requests: 1, tokens }) * tenants;
    // Who waits longer in line is sent back as well, to come after this one.
    const lineMs = Math.min(this.lineMs(turn, tokens) + turnMs, LINE_MAX_MS);
    const after = (this.promised.get(keyOf(turn)) ?? 0) + turnMs;
    const next = Math.max(now + lineMs, this.pace.pausedUntil, after);
    this.promised.set(keyOf(turn), next);
    return Math.round(Math.min(Math.max(next - now - RETURN_EARLY_MS, RETURN_MIN_MS), RETURN_MAX_MS));
  }

  forgetPast(): void {
    const now = Date.now();
    for (const [key, at] of this.promised) if (at < now) this.promised.delete(key);
  }

  private lineMs(turn: TaskPriority | undefined, tokens: number): number {
    const { line } = this;
    const ahead = line.ahead(turn);
    const aheadTokens = line.length === 0 ? 0 : (line.tokens * ahead) / line.length;
    return this.msFor({ requests: ahead + 1, tokens: aheadTokens + tokens });
  }

  /** Milliseconds in which this process gets so much. */
  private msFor({ requests, tokens }: Amount): number {
    const { limits, share, processes } = this.pace;
    const { requests: requestLimit = Infinity, tokens: tokenLimit = Infinity } = limits;
    // While nothing waits here its share is small, and grows with what comes back.
    const shareNow = Math.max(share, 1 / processes);
    return (Math.max(requests / requestLimit, tokens / tokenLimit) / shareNow) * 60_000;
  }
}

function keyOf(turn: TaskPriority | undefined): string {
  return turn?.fairnessKey ?? '';
}
