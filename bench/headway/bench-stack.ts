import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { Kafka, logLevel } from 'kafkajs';
import { HeadwayError } from '../../contracts/errors';
import { cacheDir } from '../../stack/cache';
import { createProgressPrinter } from '../../stack/progress-printer';
import { startStack } from '../../stack/start-stack';
import type { Stack } from '../../stack/types';
import { serverPids } from '../process-memory';
import { engines } from './engines';
import type { RunningEngine } from './engines/engine';
import type { EngineName } from './measurement';

export interface BenchStackOptions {
  engine: EngineName;
  seed: number;
  /** For the servers, such as `SIMULATOR_LATENCY_MIN_MS`. */
  env?: Record<string, string>;
  log: (line: string) => void;
}

/** Real servers of one measurement, and connections to them. */
export interface BenchStack {
  stack: Stack;
  stateFile: string;
  dataDir: string;
  /** For processes of ours (`startBridge`, `startWorker`): which servers are theirs. */
  processEnv: Record<string, string>;
  temporalAddress: string;
  /** What Temporal keeps its state in, and how. */
  storage: string;
  kafka: Kafka;
  client: Client;
  connection: Connection;
  /** The Temporal server; children of these processes are found. */
  temporalPids: () => number[];
  /** What Temporal keeps its state in, where that is a process of its own. */
  databasePids: () => number[];
  /** By name: every server. Processes of ours are not in it. */
  allPids: () => Record<string, number | undefined>;
}

/** Nothing of the caller's may point elsewhere. An empty variable counts as not set. */
const nothingElse = {
  ...{ KAFKA_BROKERS: '', DATABASE_URL: '', OPENAI_API_KEY: '', OPENAI_BASE_URL: '' },
  ...{ TEMPORAL_ADDRESS: '', TEMPORAL_NAMESPACE: '', TEMPORAL_PROFILE: '', TEMPORAL_CONFIG_FILE: '' },
  ...{ SIMULATOR_FAULTS: '', SIMULATOR_LOG: 'quiet' },
};

/**
 * Runs `use` on servers of its own, with empty data, and stops all of them afterwards, however it ends.
 *
 * @throws HeadwayError HW_CONFIG_INVALID for an engine that is not there, HW_STACK_FAILED, and what `use` throws
 */
export async function withBenchStack<T>(
  options: BenchStackOptions,
  use: (bench: BenchStack) => Promise<T>,
): Promise<T> {
  const startEngine = engines[options.engine];
  if (!startEngine) {
    const known = Object.keys(engines).join(', ');
    throw new HeadwayError('HW_CONFIG_INVALID', `--engine: there is only ${known}.`);
  }
  const dataDir = await mkdtemp(join(tmpdir(), 'headway-bench-'));
  const engineDir = join(dataDir, 'engine');
  const over = new AbortController();
  try {
    await mkdir(engineDir);
    const engine = await startEngine({
      ...{ dataDir: engineDir, cacheDir: cacheDir(), log: options.log, signal: over.signal },
    });
    try {
      return await onEngine(options, engine, dataDir, use);
    } finally {
      await engine.stop();
    }
  } finally {
    over.abort(new Error('The measurement is over.'));
    await rm(dataDir, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function onEngine<T>(
  { seed, env = {} }: BenchStackOptions,
  engine: RunningEngine,
  dataDir: string,
  use: (bench: BenchStack) => Promise<T>,
): Promise<T> {
  const stateFile = join(dataDir, 'stack.json');
  const printer = createProgressPrinter(process.stderr);
  const stack = await startStack({
    ...{ dataDir: join(dataDir, 'stack'), stateFile },
    env: { ...process.env, ...nothingElse, ...engine.env, ...env },
    simulator: { seed, timeScale: 1 },
    onProgress: printer.onProgress,
  }).finally(() => printer.close());
  try {
    const { kafkaBrokers = '' } = stack.addresses;
    const temporalAddress = engine.env.TEMPORAL_ADDRESS ?? stack.addresses.temporalAddress ?? '';
    const connection = await Connection.connect({ address: temporalAddress });
    const { temporal, postgres, ...servers } = serverPids(stack.servers);
    try {
      return await use({
        ...{ stack, stateFile, dataDir, temporalAddress, connection, storage: engine.storage },
        processEnv: { ...nothingElse, ...engine.env, HEADWAY_STACK_FILE: stateFile },
        kafka: new Kafka({
          brokers: kafkaBrokers.split(','),
          clientId: 'bench',
          logLevel: logLevel.NOTHING,
          retry: { retries: 20 },
        }),
        client: new Client({ connection }),
        temporalPids: () => [...engine.pids().temporal, ...(temporal === undefined ? [] : [temporal])],
        databasePids: () => engine.pids().database,
        allPids: () => ({
          ...servers,
          temporal: temporal ?? engine.pids().temporal[0],
          'temporal-database': engine.pids().database[0],
          postgres,
        }),
      });
    } finally {
      await connection.close();
    }
  } finally {
    await stack.stop();
  }
}
