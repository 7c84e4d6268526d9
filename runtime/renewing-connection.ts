import { AsyncLocalStorage } from 'node:async_hooks';
import { Connection, type ConnectionLike, type ConnectionOptions, type Metadata } from '@temporalio/client';
import type { Logger } from './logger';

export interface RenewingConnectionOptions {
  connect: ConnectionOptions;
  logger?: Logger;
  /** Milliseconds a connection may take to be made before another one is tried. gRPC's own specification says 20 s. */
  connectingLimitMs?: number;
}

const CONNECTING_LIMIT_MS = 20_000;
/** A retry of the Temporal client that meets a closed channel throws where nobody can catch it, so requests get time to end. */
const CLOSE_AFTER_MS = 300_000;
/** grpc-js: ConnectivityState.CONNECTING. */
const CONNECTING = 1;

/**
 * A connection to Temporal that is made anew when it hangs while it is being made. grpc-js waits without any limit for the first words of a
 * server whose TCP connection stands, so one that died just then, behind a proxy or a load balancer that keeps the connection open,
 * would never be left. Keep-alive pings begin only after that.
 */
export class RenewingConnection implements ConnectionLike {
  private current: WatchedConnection;
  private connectingSince: number | undefined;
  private readonly timer: NodeJS.Timeout;
  private readonly givenUp = new Set<WatchedConnection>();
  /** A deadline is known to the connection it was given to, so all that is done within it stays there. */
  private readonly withinDeadline = new AsyncLocalStorage<WatchedConnection>();

  constructor(private readonly options: RenewingConnectionOptions) {
    const { connectingLimitMs = CONNECTING_LIMIT_MS } = options;
    this.current = this.make();
    this.timer = setInterval(() => this.check(connectingLimitMs), connectingLimitMs / 20).unref();
  }

  get workflowService(): Connection['workflowService'] {
    return this.inUse().workflowService;
  }

  get operatorService(): Connection['operatorService'] {
    return this.inUse().operatorService;
  }

  get plugins(): Connection['plugins'] {
    return this.current.plugins;
  }

  ensureConnected(): Promise<void> {
    return this.current.ensureConnected();
  }

  withDeadline<R>(deadline: number | Date, work: () => Promise<R>): Promise<R> {
    const connection = this.inUse();
    return this.withinDeadline.run(connection, () => connection.withDeadline(deadline, work));
  }

  withMetadata<R>(metadata: Metadata, work: () => Promise<R>): Promise<R> {
    return this.inUse().withMetadata(metadata, work);
  }

  withAbortSignal<R>(signal: AbortSignal, work: () => Promise<R>): Promise<R> {
    return this.inUse().withAbortSignal(signal, work);
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    const all = [this.current, ...this.givenUp];
    this.givenUp.clear();
    await Promise.all(all.map((connection) => connection.close()));
  }

  private inUse(): WatchedConnection {
    return this.withinDeadline.getStore() ?? this.current;
  }

  private make(): WatchedConnection {
    const { connect } = this.options;
    // Otherwise a new channel to the same address would share the half-made connection of the old one.
    const channelArgs = { ...connect.channelArgs, 'grpc.use_local_subchannel_pool': 1 };
    return WatchedConnection.lazy({ ...connect, channelArgs }) as WatchedConnection;
  }

  private check(limitMs: number): void {
    if (!this.current.isBeingMade()) this.connectingSince = undefined;
    else this.connectingSince ??= Date.now();
    if (this.connectingSince === undefined || Date.now() - this.connectingSince < limitMs) return;
    const { address } = this.options.connect;
    this.options.logger?.warn(
      { address, afterMs: limitMs },
      'connection to Temporal hangs; making another one',
    );
    const hanging = this.current;
    this.current = this.make();
    this.connectingSince = undefined;
    this.givenUp.add(hanging);
    setTimeout(() => {
      if (this.givenUp.delete(hanging)) void hanging.close().catch(() => undefined);
    }, CLOSE_AFTER_MS).unref();
  }
}

class WatchedConnection extends Connection {
  isBeingMade(): boolean {
    return Number(this.client.getChannel().getConnectivityState(false)) === CONNECTING;
  }
}
