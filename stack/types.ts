import type { LocalStack } from '../runtime/local-stack';
import type { Leash } from './leash';
import type { MovedPort, Ports } from './ports';
import type { ProgressEvent } from './progress';

export type Component = 'kafka' | 'temporal' | 'postgres' | 'llm';

export const allComponents: readonly Component[] = ['kafka', 'temporal', 'postgres', 'llm'];

export interface StackOptions {
  /** Where the servers keep their data and logs. Default: `.headway/stack` in the project. */
  dataDir?: string;
  /** Deletes the data of earlier runs before anything starts. Default: false. */
  fresh?: boolean;
  /** Default: 1. With 3, topics are replicated to all three and need two of them to accept a write. */
  brokers?: 1 | 3;
  /** What to start; what has an explicit address in `env` is left out in any case. Default: everything. */
  components?: readonly Component[];
  /** Partitions of the queue and of the results topic. Default: 12. */
  partitions?: number;
  topics?: { queue?: string; results?: string; dlq?: string };
  simulator?: { seed?: number; timeScale?: number };
  /** First choice for each port; a free one is taken where it is in use. */
  ports?: { kafka?: number; temporal?: number; temporalUi?: number; postgres?: number; llm?: number };
  /** What each broker tells its clients to connect to, for a proxy in between. One for each broker. */
  advertisedKafkaPorts?: readonly number[];
  /** Where the addresses are written once everything is up. Default: `localStackFile(env)`. */
  stateFile?: string;
  /** Explicit addresses and folders are read from here. Default: `process.env`. */
  env?: NodeJS.ProcessEnv;
  /** Ends a start at any moment: whatever runs already is stopped, then `startStack` rejects with its reason. */
  signal?: AbortSignal;
  onProgress?: (event: ProgressEvent) => void;
}

/** One real server process. */
export interface ServerHandle {
  readonly name: string;
  /** The file its output goes to. */
  readonly logFile: string;
  /** Undefined while it does not run. */
  readonly pid: number | undefined;
  /** Sends the signal (default SIGKILL). Resolves when the process is gone; at once for SIGSTOP and SIGCONT. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Stops it if it still runs, starts it on the same port and data, and resolves when it answers again. */
  restart(): Promise<void>;
  /** SIGTERM, and SIGKILL where that was not enough. Resolves when the process is gone. */
  stop(): Promise<void>;
}

/** A server that the stack has restarted by itself. */
export interface ServerRestart {
  readonly name: string;
  readonly logFile: string;
  readonly reason: string;
}

export interface ServerEnd {
  readonly name: string;
  readonly logFile: string;
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** What every server of a stack is started with. */
export interface ServerContext {
  env: NodeJS.ProcessEnv;
  dataDir: string;
  logDir: string;
  ports: Ports;
  leash: Leash;
  /** Ends starts and restarts. */
  signal: AbortSignal;
  /** Called with each server once it answers; from then on the stack stops it. */
  onStarted: (server: ServerHandle) => void;
  onUnexpectedEnd: (end: ServerEnd) => void;
  onRestart: (restart: ServerRestart) => void;
}

/** Two listeners of one broker, each `host:port`. */
export interface KafkaListeners {
  /** The one clients should use; it tells them the advertised address. */
  client: string;
  /** Tells its clients its own address, so they never meet a proxy. */
  internal: string;
}

export interface Stack {
  /** Addresses of the servers this stack started; what the state file says. */
  readonly addresses: LocalStack;
  /** What the brokers really listen on: where a proxy in front of them sends to, and a way past it. */
  readonly kafkaListeners: readonly KafkaListeners[];
  /** Ports that were in use, and what was taken instead. */
  readonly movedPorts: readonly MovedPort[];
  /** The `temporal` program that Temporal was started with. */
  readonly temporalCli?: string;
  readonly servers: {
    readonly kafka: readonly ServerHandle[];
    readonly temporal?: ServerHandle;
    readonly postgres?: ServerHandle;
    readonly llm?: ServerHandle;
  };
  /** Called when a server ends that nobody asked to: not by `kill`, `stop` or `restart`. */
  onServerEnd(listener: (end: ServerEnd) => void): void;
  /** Called when the stack has restarted a server that could not go on. */
  onServerRestart(listener: (restart: ServerRestart) => void): void;
  /** Stops everything and removes the state file. Never throws; a second call waits for the first. */
  stop(): Promise<void>;
}
