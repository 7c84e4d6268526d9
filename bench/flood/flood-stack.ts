import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { Kafka, logLevel, type Admin } from 'kafkajs';
import { audit } from '../../cli/audit/audit';
import { readSelection } from '../../cli/audit/read-options';
import type { AuditReport } from '../../cli/audit/report';
import { createProgressPrinter } from '../../stack/progress-printer';
import { startStack } from '../../stack/start-stack';
import type { Stack } from '../../stack/types';
import { startBridge, startWorker, type BenchProcess } from '../headway-processes';
import { countResults, type ResultCount } from '../kafka-load';
import { createReport, type Report } from './report';

export const topics = { queue: 'x-jobs-queue', results: 'x-jobs-results', deadLetters: 'x-jobs-dlq' };
export const group = 'headway-bridge';

/** Servers, clients and processes of one measurement. */
export interface FloodStack {
  stack: Stack;
  kafka: Kafka;
  admin: Admin;
  client: Client;
  results: ResultCount;
  report: Report;
  startBridge(env?: NodeJS.ProcessEnv): Promise<BenchProcess>;
  startWorker(env?: NodeJS.ProcessEnv): Promise<BenchProcess>;
  /** What the simulator has counted. */
  llm(): Promise<{ accepted: number; inFlight: number; peakInFlight: number; polls: number }>;
  audit(): Promise<AuditReport>;
}

/** Runs `measure` on a stack of its own, and stops everything afterwards. `env` goes to the servers. */
export async function withFloodStack<T>(
  env: NodeJS.ProcessEnv,
  measure: (flood: FloodStack) => Promise<T>,
): Promise<T> {
  const dataDir = await mkdtemp(join(tmpdir(), 'headway-flood-'));
  const stateFile = join(dataDir, 'stack.json');
  const printer = createProgressPrinter(process.stderr);
  const serverEnv = { ...process.env, HEADWAY_STACK_FILE: stateFile, ...env };
  const started: BenchProcess[] = [];
  const stack = await startStack({ dataDir, stateFile, env: serverEnv, onProgress: printer.onProgress });
  printer.close();
  const { kafkaBrokers = '', temporalAddress, llmBaseUrl } = stack.addresses;
  const kafka = new Kafka({ brokers: kafkaBrokers.split(','), logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  const connection = await Connection.connect({ address: temporalAddress });
  const client = new Client({ connection });
  const results = await countResults(kafka, topics.results);
  const report = createReport(process.stderr);
  const start = async (begin: typeof startBridge, more: NodeJS.ProcessEnv = {}) => {
    const child = await begin({ HEADWAY_STACK_FILE: stateFile, ...more });
    started.push(child);
    return child;
  };
  try {
    return await measure({
      stack,
      kafka,
      admin,
      client,
      results,
      report,
      startBridge: (more) => start(startBridge, more),
      startWorker: (more) => start(startWorker, more),
      async llm() {
        const response = await fetch(new URL('/simulator/calls?totals=only', llmBaseUrl));
        return ((await response.json()) as { totals: Awaited<ReturnType<FloodStack['llm']>> }).totals;
      },
      audit: () =>
        audit({
          kafka,
          client,
          topics,
          groupId: group,
          jobIdsOnce: false,
          select: readSelection({}, Date.now()),
          simulatorUrl: llmBaseUrl,
          examples: 3,
          onProgress: (what, done, total) => report.progress(() => `audit: ${what} ${done} of ${total}`),
        }),
    });
  } finally {
    report.close();
    await Promise.allSettled(started.map((child) => child.stop()));
    await Promise.allSettled([results.stop(), admin.disconnect(), connection.close()]);
    await stack.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** @throws Error after `timeoutMs`, naming the state */
export async function waitFor(
  state: string,
  timeoutMs: number,
  look: () => Promise<boolean> | boolean,
): Promise<void> {
  const giveUpAt = Date.now() + timeoutMs;
  while (!(await look())) {
    if (Date.now() > giveUpAt) throw new Error(`not reached within ${timeoutMs / 1_000} s: ${state}`);
    await delay(500);
  }
}
