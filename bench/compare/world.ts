import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { cacheDir } from '../../stack/cache';
import { createProgressPrinter } from '../../stack/progress-printer';
import { startStack } from '../../stack/start-stack';
import type { World } from './run';

/** Enough for the longest run: three events a call, and some calls are made again. */
const EVENTS = 500_000;

/** Starts what everyone shares, one broker and one simulator, and stops it afterwards. */
export async function withWorld<T>(
  { seed, timeScale, log }: { seed: number; timeScale: number; log: (line: string) => void },
  use: (world: World) => Promise<T>,
): Promise<T> {
  const dataDir = await mkdtemp(join(tmpdir(), 'headway-compare-'));
  const printer = createProgressPrinter(process.stderr);
  const env = {
    ...process.env,
    ...{ KAFKA_BROKERS: '', OPENAI_API_KEY: '', OPENAI_BASE_URL: '' },
    ...{ SIMULATOR_EVENTS: String(EVENTS), SIMULATOR_FAULTS: '', SIMULATOR_LOG: 'quiet' },
  };
  try {
    const stack = await startStack({
      ...{ dataDir: join(dataDir, 'stack'), stateFile: join(dataDir, 'stack.json'), env },
      components: ['kafka', 'llm'],
      simulator: { seed, timeScale },
      onProgress: printer.onProgress,
    });
    printer.close();
    try {
      const brokers = stack.addresses.kafkaBrokers ?? '';
      const world: World = {
        kafka: new Kafka({ brokers: brokers.split(','), clientId: 'bench', logLevel: logLevel.NOTHING }),
        brokers,
        llmUrl: stack.addresses.llmBaseUrl ?? '',
        brokerPid: stack.servers.kafka[0]?.pid ?? -1,
        simulatorPid: stack.servers.llm?.pid ?? -1,
        dataDir: join(dataDir, 'runs'),
        cacheDir: cacheDir(),
        log,
      };
      return await use(world);
    } finally {
      await stack.stop();
    }
  } finally {
    printer.close();
    await rm(dataDir, { recursive: true, force: true });
  }
}
