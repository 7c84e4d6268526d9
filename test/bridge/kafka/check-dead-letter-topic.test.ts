import type { Kafka } from 'kafkajs';
import { checkDeadLetterTopic } from '../../../bridge/kafka/check-dead-letter-topic';

const topics = { queue: 'q', results: 'r', deadLetters: 'd' };

/** What is logged when the topics have these settings. */
async function warnings(queueBytes: number, deadLetterBytes: number, policy = 'delete'): Promise<string[]> {
  const resource = (resourceName: string, bytes: number, cleanup: string) => ({
    resourceName,
    configEntries: [
      { configName: 'max.message.bytes', configValue: String(bytes) },
      { configName: 'cleanup.policy', configValue: cleanup },
    ],
  });
  const admin = {
    connect: () => Promise.resolve(),
    disconnect: () => Promise.resolve(),
    describeConfigs: () =>
      Promise.resolve({
        resources: [resource('d', deadLetterBytes, policy), resource('q', queueBytes, 'delete')],
      }),
  };
  const logged: string[] = [];
  const logger = { warn: (...line: unknown[]) => void logged.push(String(line.at(-1))) };
  await checkDeadLetterTopic({ kafka: { admin: () => admin } as unknown as Kafka, topics, logger });
  return logged;
}

it('is silent when the dead-letter topic takes as much as the queue topic', async () => {
  expect(await warnings(1_000, 1_000)).toEqual([]);
  expect(await warnings(1_000, 2_000)).toEqual([]);
});

it('names both sizes when it takes less', async () => {
  const [warning] = await warnings(5_000, 1_000);
  expect(warning).toMatch(/q takes records of 5000 bytes.*d only of 1000: .* without its value/);
});

it('warns of a compacted dead-letter topic', async () => {
  const [warning, ...others] = await warnings(1, 1, 'compact,delete');
  expect(warning).toMatch(/d is compacted.*the partition of such a record stands still/);
  expect(others).toEqual([]);
});

it('only warns when it may not ask', async () => {
  const logged: string[] = [];
  const logger = { warn: (...line: unknown[]) => void logged.push(String(line.at(-1))) };
  const admin = { connect: () => Promise.reject(new Error('no')) };
  await checkDeadLetterTopic({ kafka: { admin: () => admin } as unknown as Kafka, topics, logger });
  expect(logged).toEqual(['could not compare the settings of queue and dead-letter topic']);
});
