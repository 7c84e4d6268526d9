import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import type { Kafka } from 'kafkajs';
import pino from 'pino';
import { HeadwayError } from '../contracts/errors';
import { loadConfig, type Config } from '../runtime/config/config';
import { createKafka } from '../runtime/kafka/client';
import type { LocalStack } from '../runtime/local-stack';
import { createLogger } from '../runtime/logger';
import { projectRoot } from '../runtime/project-root';
import { connectTemporalClient } from '../runtime/temporal';
import { type OnProgress, withProgress } from '../stack/progress';
import { startStack } from '../stack/start-stack';
import type { Cleanup } from './cleanup';
import { startProcess, type DemoProcess } from './start-processes';

export interface System {
  addresses: LocalStack;
  config: Pick<Config, 'kafka' | 'topics' | 'temporal' | 'bridge'>;
  kafka: Kafka;
  temporal: Client;
  bridge: DemoProcess;
  worker: DemoProcess;
  /** Everything that runs writes its log in here. */
  logDir: string;
  /** For other processes to find this system: HEADWAY_STACK_FILE. */
  stateFile: string;
}

export interface SystemOptions {
  env: NodeJS.ProcessEnv;
  signal: AbortSignal;
  /** Something ended by itself. */
  fail: (error: Error) => void;
  onProgress: OnProgress;
  cleanup: Cleanup;
}

/** Starts servers, one bridge and one worker, all of them new, and resolves when jobs can be sent. */
export async function startSystem(options: SystemOptions): Promise<System> {
  const { signal, fail, onProgress, cleanup } = options;
  const dataDir = join(projectRoot(), '.headway', 'demo');
  const logDir = join(dataDir, 'logs');
  const stateFile = join(dataDir, 'stack.json');
  const env = { ...options.env, HEADWAY_STACK_FILE: stateFile };

  const stack = await startStack({ env, dataDir, stateFile, fresh: true, signal, onProgress });
  cleanup.add(() => stack.stop());
  stack.onServerEnd(({ name, logFile }) =>
    fail(new HeadwayError('HW_STACK_FAILED', `${name} ended by itself; see ${logFile}.`)),
  );

  const config = loadConfig(env, ['kafka', 'topics', 'temporal', 'bridge', 'log']);
  const logger = createLogger(
    { ...config.log, format: 'json' },
    'demo',
    pino.destination({ dest: join(logDir, 'demo.log'), mkdir: true, sync: true }),
  );
  const temporal = await connectTemporalClient(config.temporal, { logger, signal });
  cleanup.add(() => temporal.connection.close(), 2_000);

  const stops: (() => Promise<void>)[] = [];
  cleanup.add(async () => void (await Promise.all(stops.map((stop) => stop()))));
  const start = (name: string, program: string) =>
    withProgress(onProgress, `Headway ${name}`, () =>
      startProcess({
        name,
        program,
        env,
        logDir,
        signal,
        onStarted: (stop) => void stops.push(stop),
        onUnexpectedEnd: fail,
      }),
    );
  const [bridge, worker] = await Promise.all([
    start('bridge', join('bridge', 'kafka', 'main.js')),
    start('worker', join('workers', 'main.js')),
  ]);
  return {
    addresses: stack.addresses,
    config,
    kafka: createKafka(config.kafka, logger),
    temporal,
    bridge,
    worker,
    logDir,
    stateFile,
  };
}
