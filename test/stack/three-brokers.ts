import { join } from 'node:path';
import { startStack } from '../../stack/start-stack';
import type { Stack } from '../../stack/types';

/** A cluster of three Kafka brokers of its own, with its data below the folder, and nothing else. */
export async function startThreeBrokers(folder: string): Promise<{ stack: Stack; brokers: string[] }> {
  const { PATH, HOME, HEADWAY_CACHE_DIR } = process.env;
  const stack = await startStack({
    ...{ dataDir: join(folder, 'data'), stateFile: join(folder, 'stack.json') },
    ...{ components: ['kafka'], brokers: 3, env: { PATH, HOME, HEADWAY_CACHE_DIR } },
  });
  return { stack, brokers: (stack.addresses.kafkaBrokers ?? '').split(',') };
}
