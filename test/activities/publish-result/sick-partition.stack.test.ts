import { Kafka, logLevel } from 'kafkajs';
import { createPublishResult } from '../../../activities/publish-result';
import { createResultProducer } from '../../../activities/publish-result/result-producer';
import { createPartitionOf } from '../../../runtime/kafka/partition-sender';
import { withAdmin } from '../../../stack/kafka/admin';
import type { Stack } from '../../../stack/types';
import { temporaryFolder } from '../../stack/temporary-folder';
import { startThreeBrokers } from '../../stack/three-brokers';
import { resultOf } from './support';

const folder = temporaryFolder();
let stack: Stack | undefined;
afterEach(() => stack?.stop());

const topic = 'results';
const partitionOf = createPartitionOf(topic, 2);
const ids = Array.from({ length: 20 }, (_, index) => `job-${index}`);
const idsOf = (partition: number) => ids.filter((id) => partitionOf(id) === partition);

it('a partition with too few copies holds up its own results, and makes no other be written twice', async () => {
  const started = await startThreeBrokers(folder());
  stack = started.stack;
  const { brokers } = started;
  const [first, second, third] = await withAdmin(brokers, async (admin) => {
    const cluster = await admin.describeCluster();
    const byPort = new Map(cluster.brokers.map(({ port, nodeId }) => [String(port), nodeId]));
    return brokers.map((broker) => byPort.get(broker.split(':').at(-1)!)!);
  });
  await withAdmin(brokers, async (admin) => {
    await admin.createTopics({
      waitForLeaders: true,
      topics: [
        {
          topic,
          replicaAssignment: [
            { partition: 0, replicas: [first!, second!] },
            { partition: 1, replicas: [second!, third!] },
          ],
          configEntries: [{ name: 'min.insync.replicas', value: '2' }],
        },
      ],
    });
  });
  await stack.servers.kafka[2]?.kill();

  const kafka = new Kafka({ brokers, logLevel: logLevel.NOTHING, retry: { retries: 3 } });
  const results = createResultProducer(kafka, topic);
  const { publishResults } = createPublishResult({ results, timeLeftMs: () => 3_500 });
  const written = () =>
    withAdmin(brokers.slice(0, 2), async (admin) =>
      (await admin.fetchTopicOffsets(topic))
        .sort((a, b) => a.partition - b.partition)
        .map(({ high }) => Number(high)),
    );
  let left = ids;
  const publish = async () => {
    const asked = left;
    const items = asked.map((id) => ({ result: resultOf(id) }));
    const { failed = [] } = await publishResults({ items, mayFail: 'all' });
    left = failed.map((place) => asked[place]!);
  };
  try {
    for (let tries = 0; tries < 5 && left.some((id) => partitionOf(id) === 0); tries += 1) await publish();
    expect(left.sort()).toEqual(idsOf(1).sort());
    await publish();
    expect((await written())[0]).toBe(idsOf(0).length);
    await stack.servers.kafka[2]?.restart();
    while (left.length > 0) await publish();
    expect((await written())[0]).toBe(idsOf(0).length);
  } finally {
    await results.close();
  }
});
