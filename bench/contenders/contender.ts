import type { Kafka } from 'kafkajs';

/** A way of consuming, as the comparison installs, starts and stops it. */
export interface Contender {
  /** As in `--contenders`. */
  name: string;
  /** For tables and plots. */
  title: string;
  /** One line: how it acknowledges, what its documentation recommends, versions. */
  about: string;
  /** Partitions of the queue topic. Default: 12. */
  partitions?: number;
  /** Jobs at a time in each of its consumers, where the way itself allows fewer than everybody has. */
  jobsAtATime?: number;
  /** The slots are a limit of its server: all of them are there while a consumer is dead. */
  slotsOfServer?: boolean;
  /** Why slots say nothing about it: a call does not occupy one. */
  withoutSlots?: string;
  /**
   * Installs what is missing, once a bench.
   * @throws NotRunnable where this machine cannot run it
   */
  prepare(context: PrepareContext): Promise<void>;
  /** Its own servers, afresh for every run. Kafka and the simulator are the harness's. */
  startServers(context: RunContext): Promise<ContenderServers>;
  /** One consumer, with `slots` jobs at a time. Resolves when it consumes. `index` counts those of the run, from 0. */
  startConsumer(context: RunContext, servers: ContenderServers, index: number): Promise<Consumer>;
  /** For systems that are not fed through Kafka: how jobs are written. `send` resolves when they are durable. */
  openProducer?(context: RunContext, servers: ContenderServers): Promise<JobProducer>;
  /** Dead letters that the system itself keeps, as raw values. Default: what is on DLQ_TOPIC. */
  deadLetters?(context: RunContext, servers: ContenderServers): Promise<string[]>;
  /**
   * How many of these jobs, which have no result, the system still holds and will work on. The rest of them is lost. It is asked at the end of a
   * run, and once a second while nothing happens. Default: `context.uncommitted`.
   */
  held?(context: RunContext, servers: ContenderServers, ids: string[]): Promise<number>;
}

export interface PrepareContext {
  /** Kept between benches: downloads and builds. */
  cacheDir: string;
  /** A line for the log, while something takes long. */
  log: (line: string) => void;
  signal: AbortSignal;
}

/** One run: a contender in a scenario. */
export interface RunContext extends PrepareContext {
  /** Unique to the run: a prefix for queues, databases, task queues. */
  name: string;
  /** An empty folder of the run, deleted afterwards. */
  dataDir: string;
  kafka: Kafka;
  topics: { queue: string; results: string; dlq: string };
  group: string;
  partitions: number;
  /** `http://127.0.0.1:PORT/v1` */
  llmUrl: string;
  /** Jobs at a time in each consumer. */
  slots: number;
  /** How many are started; a rebalance has one more for a while. */
  consumers: number;
  /** Every time of the scenario is multiplied by this, so are those of a system's own that mirror the length of a job: 0.1 makes a lease of 60 s 6 s. */
  timeScale: number;
  llmTimeoutMs: number;
  /** Those of these jobs whose records lie behind what the group has committed. */
  uncommitted(ids: string[]): Promise<string[]>;
  /**
   * For the consumers' programs: KAFKA_BROKERS, QUEUE_TOPIC, RESULTS_TOPIC, DLQ_TOPIC, GROUP_ID, LLM_URL, SLOTS, LLM_TIMEOUT_MS, and
   * SESSION_TIMEOUT_MS, which is 30 s times `timeScale` for everyone who has one, but not under the 6 s that brokers allow.
   */
  env: Record<string, string>;
}

export interface ContenderServers {
  /** By name, for CPU and memory; children of these processes are found. */
  pids: Record<string, number>;
  /** For the consumers' programs. */
  env: Record<string, string>;
  stop(): Promise<void>;
}

export interface Consumer {
  /** By name: those that live, for CPU and memory; children of these processes are found. */
  pids(): Record<string, number>;
  /** SIGKILL, also of one that is just being started. Resolves when it is gone. */
  kill(): Promise<void>;
  /** As a supervisor does it: starts again what has ended. Resolves when it consumes, or when it was killed before it did. */
  startAgain(): Promise<void>;
  /** SIGTERM, and SIGKILL after ten seconds. Resolves when it is gone; at once when it has gone before. */
  stop(): Promise<void>;
  /** Called when it ends although nobody asked for it: with its exit status and the end of what it wrote. */
  onEndedByItself(listener: (how: string) => void): void;
}

export interface JobProducer {
  send: (values: Buffer[]) => Promise<void>;
  close(): Promise<void>;
}

/** Why a contender cannot run on this machine, in a sentence for the report. */
export class NotRunnable extends Error {
  override readonly name = 'NotRunnable';
}

/** For contenders without servers of their own. */
export const noServers: ContenderServers = { pids: {}, env: {}, stop: () => Promise.resolve() };
