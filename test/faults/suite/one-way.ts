import type { Socket } from 'node:net';

/** What to do with bytes that arrived: which of them go on, and whether everything behind them is to vanish, or the connection to be reset. */
export type Inspect = (chunk: Buffer) => { forward: Buffer[]; hold: boolean; cut?: boolean };

/** Bytes that wait for their delay, in one direction of one connection. Above it the sender has to wait. */
const QUEUE_MAX_BYTES = 1024 * 1024;

type Waiting = { due: number; chunk: Buffer | undefined };

/**
 * One direction of a connection: what `source` sends goes to `sink`, its end too. Reads no faster than the other side takes,
 * so a peer that does not read is felt by the one that sends, as without a proxy.
 */
export class OneWay {
  private readonly queue: Waiting[] = [];
  private queuedBytes = 0;
  private stalled = false;
  private delayMs = 0;
  private discarding = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly source: Socket,
    private readonly sink: Socket,
    private readonly options: {
      inspect?: Inspect;
      onHold: () => void;
      onEndWhileHeld: () => void;
      onCut: () => void;
    },
  ) {}

  /** Begins to read. */
  start(): void {
    this.source.on('data', (chunk: Buffer) => this.take(chunk));
    this.source.on('end', () => this.end());
    this.sink.on('drain', () => this.move());
    this.move();
  }

  /** Bytes that have come and may not go on yet. */
  heldBytes(): number {
    return this.queuedBytes;
  }

  /** Nothing arrives and nothing is lost, until `flow`. What comes is still read, so that one can see that somebody waits. */
  stall(): void {
    this.stalled = true;
    this.move();
  }

  delay(milliseconds: number): void {
    this.delayMs = milliseconds;
  }

  /** As if there had never been a `stall` or a `delay`. */
  flow(): void {
    this.stalled = false;
    this.delayMs = 0;
    for (const waiting of this.queue) waiting.due = 0;
    this.move();
  }

  /** What still comes from `source` is read and forgotten. */
  discard(): void {
    this.discarding = true;
    this.queue.length = 0;
    this.queuedBytes = 0;
    this.move();
  }

  close(): void {
    clearTimeout(this.timer);
    this.queue.length = 0;
  }

  private take(chunk: Buffer): void {
    if (this.discarding) return;
    const { forward, hold, cut } = this.options.inspect?.(chunk) ?? {
      forward: [chunk],
      hold: false,
      cut: false,
    };
    if (cut) {
      this.options.onCut();
      return;
    }
    for (const bytes of forward) this.enqueue(bytes);
    this.move();
    if (!hold) return;
    // What came before it is on its way; the rest is read only to notice when the connection ends.
    this.discarding = true;
    this.options.onHold();
  }

  private end(): void {
    if (this.discarding) {
      this.options.onEndWhileHeld();
      return;
    }
    this.enqueue(undefined);
    this.move();
  }

  private enqueue(chunk: Buffer | undefined): void {
    const due = Math.max(this.queue.at(-1)?.due ?? 0, this.delayMs > 0 ? Date.now() + this.delayMs : 0);
    this.queue.push({ due, chunk });
    this.queuedBytes += chunk?.length ?? 0;
  }

  /** Passes on what may go now, and reads on where there is room. */
  private move(): void {
    clearTimeout(this.timer);
    while (!this.stalled && !this.sink.writableNeedDrain && !this.sink.destroyed) {
      const [first] = this.queue;
      if (!first) break;
      const waitMs = first.due - Date.now();
      if (waitMs > 0) {
        this.timer = setTimeout(() => this.move(), waitMs);
        break;
      }
      this.queue.shift();
      this.queuedBytes -= first.chunk?.length ?? 0;
      if (!first.chunk) this.sink.end();
      else if (this.sink.writable) this.sink.write(first.chunk);
    }
    const full = this.sink.writableNeedDrain || this.queuedBytes >= QUEUE_MAX_BYTES;
    if (full && !this.discarding) this.source.pause();
    else this.source.resume();
  }
}
