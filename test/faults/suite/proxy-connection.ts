import { connect, type Socket } from 'node:net';
import { OneWay, type Inspect } from './one-way';

export interface ProxyTarget {
  host: string;
  port: number;
}

/** A look at what passes through one connection, towards the target and back. */
export interface Inspector {
  request: Inspect;
  answer: Inspect;
}

/** A client's connection and ours to the target behind it. */
export class ProxyConnection {
  private upstream: Socket | undefined;
  private towards: OneWay | undefined;
  private back: OneWay | undefined;
  private delayMs = 0;
  private held = false;
  private stalled = false;
  /** Who broke off during a stall: the other side hears of it afterwards. */
  private brokenOff = false;
  private over = false;

  constructor(
    private readonly client: Socket,
    private readonly target: () => ProxyTarget,
    private readonly inspector: Inspector | undefined,
    private readonly onClosed: () => void,
  ) {
    this.watch(client);
  }

  /** Connects to the target, and lets bytes flow. */
  begin(): void {
    const { client, inspector } = this;
    let upstream: Socket;
    try {
      upstream = connect({ ...this.target(), allowHalfOpen: true, noDelay: true });
    } catch {
      // There is no target now.
      this.cut();
      return;
    }
    this.upstream = upstream;
    this.watch(upstream);
    const ends = {
      onHold: () => (this.held = true),
      onEndWhileHeld: () => this.held && this.cut(),
      onCut: () => this.cut(),
    };
    this.towards = new OneWay(client, upstream, { inspect: inspector?.request, ...ends });
    this.back = new OneWay(upstream, client, { inspect: inspector?.answer, ...ends });
    this.eachWay((way) => {
      way.delay(this.delayMs);
      way.start();
    });
  }

  /** False while it waits for a stall to end. */
  begun(): boolean {
    return this.upstream !== undefined;
  }

  /** What the client has sent and the target has not been given. */
  heldBytes(): number {
    return this.towards?.heldBytes() ?? 0;
  }

  stall(): void {
    this.stalled = true;
    this.eachWay((way) => way.stall());
  }

  delay(milliseconds: number): void {
    this.delayMs = milliseconds;
    this.eachWay((way) => way.delay(milliseconds));
  }

  halfClose(): void {
    this.back?.discard();
    this.client.end();
  }

  restore(): void {
    this.delayMs = 0;
    this.stalled = false;
    if (this.held || this.brokenOff) this.cut();
    else if (!this.upstream) this.begin();
    else this.eachWay((way) => way.flow());
  }

  /** RST to both sides. */
  cut(): void {
    if (this.over) return;
    this.over = true;
    this.eachWay((way) => way.close());
    for (const socket of [this.client, this.upstream]) {
      // A socket that is still connecting would first connect, to be reset then.
      if (socket?.connecting) socket.destroy();
      else socket?.resetAndDestroy();
    }
    this.onClosed();
  }

  private eachWay(act: (way: OneWay) => void): void {
    for (const way of [this.towards, this.back]) if (way) act(way);
  }

  /** An error on one side is one for the other; an orderly end has been passed on already. */
  private watch(socket: Socket): void {
    socket.on('error', () => undefined);
    socket.on('close', (hadError) => {
      if (hadError && this.stalled) this.brokenOff = true;
      else if (hadError) this.cut();
      else if (this.client.destroyed && (this.upstream?.destroyed ?? true)) this.finish();
    });
  }

  private finish(): void {
    if (this.over) return;
    this.over = true;
    this.eachWay((way) => way.close());
    this.onClosed();
  }
}
