import { createBridge } from '../../../bridge/kafka/bridge';
import { loadConfig } from '../../../runtime/config/config';
import { createKafka } from '../../../runtime/kafka/client';
import { createLogger } from '../../../runtime/logger';
import { connectTemporalClient } from '../../../runtime/temporal';
import { echo } from './echo-pipeline';

/** A bridge whose only pipeline is `echo`. */
async function main(): Promise<void> {
  const config = loadConfig(process.env, ['kafka', 'topics', 'temporal', 'bridge', 'log']);
  const logger = createLogger(config.log, 'bridge');
  const client = await connectTemporalClient(config.temporal, { logger });
  const kafka = createKafka(config.kafka, logger);
  await createBridge({ kafka, client, config, pipelineNamed: () => echo, logger }).run();
}

void main();
