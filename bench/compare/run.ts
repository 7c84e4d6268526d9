import type { Kafka } from 'kafkajs';
import type { Account } from './account';
import type { EachJob } from './each-job';
import type { Scenario } from './scenarios';
import type { SettledBy, SettleLimits } from './settle';
import type { Part, PartUsage } from './usage';

/** What all runs share. */
export interface World {
  kafka: Kafka;
  brokers: string;
  llmUrl: string;
  brokerPid: number;
  simulatorPid: number;
  dataDir: string;
  cacheDir: string;
  log: (line: string) => void;
}

export interface RunOptions {
  scenario: Scenario;
  repetition: number;
  seed: number;
  timeScale: number;
  /** Of each consumer. */
  slots: number;
  consumers: number;
  limits: SettleLimits;
  onProgress?: (what: string) => void;
}

export interface Run {
  contender: string;
  scenario: string;
  repetition: number;
  /** Why there are no figures, or what went wrong beside them. */
  problems: string[];
  figures?: Figures;
}

export interface Figures extends Account {
  offeredPerSecond: number;
  sentPerSecond: number;
  worstLateMs: number;
  refused: number;
  settledBy: SettledBy;
  /** From the first record to the end of watching. */
  watchedMs: number;
  usage: Record<Part, PartUsage>;
  harnessCpuMs: number;
  /** Milliseconds after the beginning. */
  struck: { kind: string; at: number }[];
  /** Calls in flight, a value each `everyMs` from the beginning on. */
  timeline: { everyMs: number; inFlight: number[] };
  each: EachJob;
}
