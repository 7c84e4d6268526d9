import { createTopics } from '../../../../stack/kafka/topics';
import { eventually } from '../../../support/eventually';
import { configureTopic } from '../configure-topic';
import { fenceProducer, topicOf } from '../fence-producer';
import { group, topics, type World } from '../world';
import { resetOffsets, whileGroupIsEmpty } from './bridges';
import type { Fault } from './fault';
import { away } from './servers';

/** Faults 7, 9 and 10 of the matrix: topics that cannot be written, group offsets that go back, a topic made anew. */
export const topicFaults: Fault[] = [
  {
    name: 'results-unavailable',
    about: 'the results topic takes no record for a minute: too few in-sync replicas',
    brokers: 3,
    alone: true,
    strike: ({ world }) => tooFewReplicas(world, topics.results),
  },
  {
    name: 'dead-letters-unavailable',
    about: 'the dead-letter topic takes no record for a minute: too few in-sync replicas',
    brokers: 3,
    alone: true,
    strike: ({ world }) => tooFewReplicas(world, topics.deadLetters),
  },
  {
    name: 'results-too-large',
    about: 'the results topic takes only records of 2 kB for 20 s',
    alone: true,
    // No result is as small as that.
    failsJobs: { HW_RESULT_TOO_LARGE: 1 },
    async strike({ world }) {
      await configureTopic(world.admin, topics.results, 'max.message.bytes', '2000');
      await world.last(20_000);
      await configureTopic(world.admin, topics.results, 'max.message.bytes', '1048588');
    },
  },
  {
    name: 'results-producer-fenced',
    about: 'a producer of results fenced by a successor with its id and a higher epoch, three times',
    async strike({ world }) {
      for (let time = 0; time < 3; time++) {
        await fenceOne(world);
        await world.last(4_000);
      }
    },
  },
  {
    name: 'offsets-reset-to-beginning',
    about: 'the offsets of the group set back to the beginning',
    alone: true,
    strike: ({ world }) => whileGroupIsEmpty(world, () => resetOffsets(world, 0)),
  },
  {
    name: 'offsets-reset-into-packs',
    about: 'the offsets of the group set back to a random place, three times',
    alone: true,
    async strike({ world, random }) {
      for (let time = 0; time < 3; time++) {
        await whileGroupIsEmpty(world, () => resetOffsets(world, random.next()));
        await world.last(5_000);
      }
    },
  },
  {
    name: 'topic-made-anew',
    about:
      'the queue topic deleted and made again under running bridges, while its jobs run: offsets start over',
    alone: true,
    async strike({ world, load, watermark, history }) {
      await load.pause();
      await eventually('every record is handed over', () => isDrained(world), 300_000);
      // What is gone cannot be checked any more.
      await Promise.all([history.keep(), watermark.caughtUp()]);
      await world.admin.deleteTopics({ topics: [topics.queue] });
      watermark.topicMadeAnew();
      await eventually('the topic is made again', () => makeAgain(world), 60_000);
      load.start();
    },
  },
];

async function tooFewReplicas(world: World, topic: string): Promise<void> {
  await configureTopic(world.admin, topic, 'min.insync.replicas', '3');
  await away(world, world.stack.servers.kafka[2], 60_000);
  await configureTopic(world.admin, topic, 'min.insync.replicas', '2');
}

/** Who writes the next result is fenced with a copy of that very request. */
async function fenceOne(world: World): Promise<void> {
  const [frame, index] = await new Promise<[Buffer, number]>((resolve) => {
    for (const [index, proxy] of world.proxies.kafka.entries()) {
      proxy.onProduce((frame) => {
        if (topicOf(frame) === topics.results) resolve([Buffer.from(frame), index]);
      });
    }
  });
  for (const proxy of world.proxies.kafka) proxy.onProduce(undefined);
  const [host = '', port] = (world.stack.kafkaListeners[index]?.client ?? '').split(':');
  // A moment later than the original, whose place in the log it would otherwise take.
  await world.last(1_000);
  await fenceProducer(frame, { host, port: Number(port) });
}

export async function isDrained(world: World): Promise<boolean | string> {
  const ends = await world.admin.fetchTopicOffsets(topics.queue);
  const [committed] = await world.admin.fetchOffsets({ groupId: group, topics: [topics.queue] });
  const behind = ends.filter(({ partition, high }) => {
    const at = committed?.partitions.find((one) => one.partition === partition)?.offset ?? '-1';
    return Number(high) > 0 && Number(at) < Number(high);
  });
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
