import { messageOf } from '../../../../contracts/errors';
import { recordMaxBytes, createTopics } from '../../../../stack/kafka/topics';
import { eventually } from '../../../support/eventually';
import { configureTopic } from '../configure-topic';
import { topics, type World } from '../world';
import type { Fault } from './fault';
import { positions } from './group';
import { everything, work } from './resources';
import { timesSaid } from './times-said';
import { sign } from './waiting';

const REFUSED = /the results topic refuses this result for its size/g;
const refusals = (world: World): Promise<number> => timesSaid(world, world.workers, REFUSED);

/** Faults 7 and 9 of the matrix, in part: a topic that takes only small records, and one that is made anew. */
export const topicFaults: Fault[] = [
  {
    name: 'results-too-large',
    about: 'the results topic takes only records of 2 kB for 20 s',
    needs: work,
    async strike({ world }) {
      const before = await refusals(world);
      const limit = await configureTopic(world.admin, topics.results, 'max.message.bytes', '2000');
      try {
        await world.last(20_000);
        await sign('a worker says that a result is refused', async () => (await refusals(world)) > before);
      } finally {
        const usual = limit ?? String(recordMaxBytes);
        await configureTopic(world.admin, topics.results, 'max.message.bytes', usual);
      }
      return `results were refused ${(await refusals(world)) - before} times, and waited`;
    },
  },
  {
    name: 'topic-made-anew',
    about:
      'the queue topic deleted and made again under running bridges, while its jobs run: offsets start over',
    needs: everything,
    async strike({ world, load, watermark, history }) {
      const recordsNow = async () => (await positions(world)).reduce((sum, { end }) => sum + end, 0);
      const before = await recordsNow();
      // So that jobs outlive their topic.
      await world.setLlmFaults({ rates: { slow: 1 } });
      try {
        await sign('the topic has new records', async () => (await recordsNow()) > before);
        await load.pause();
        await eventually('every record is handed over', () => isDrained(world), 300_000);
        // What is gone cannot be checked any more.
        await Promise.all([history.keep(), watermark.caughtUp()]);
        const records = await recordsNow();
        const { count: open } = await world.client.workflow.count("ExecutionStatus = 'Running'");
        await world.admin.deleteTopics({ topics: [topics.queue] });
        watermark.topicMadeAnew();
        // Its leaders do not know of it at once, and the old one may still be there.
        const isMade = () => makeAgain(world).catch(messageOf);
        await eventually('the topic is made again', isMade, 60_000);
        load.start();
        return `offsets start over after ${records} records, with ${open} workflows open`;
      } finally {
        await world.setLlmFaults({});
      }
    },
  },
];

export async function isDrained(world: World): Promise<boolean | string> {
  const behind = (await positions(world)).filter(({ committed, end }) => end > 0 && committed < end);
  return behind.length === 0 || `${behind.length} partitions are behind`;
}

async function makeAgain(world: World): Promise<boolean> {
  const { brokers, partitions } = world.options;
  await createTopics({
    brokers: world.stack.kafkaListeners.map(({ internal }) => internal),
    queue: topics.queue,
    results: topics.results,
    dlq: topics.deadLetters,
    partitions,
    replicas: brokers,
  });
  const ends = await world.admin.fetchTopicOffsets(topics.queue);
  return ends.every(({ high }) => high === '0');
}
