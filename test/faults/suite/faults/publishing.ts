import { setTimeout as delay } from 'node:timers/promises';
import { configureTopic } from '../configure-topic';
import { fenceProducer, topicOf } from '../fence-producer';
import { topics, type World } from '../world';
import { refusedDeadLetters, type Refuse } from './dead-letters';
import { NoEffect, type Fault, type Scene } from './fault';
import { handOver, work } from './resources';
import { away } from './servers';
import { patiently, sign, times } from './waiting';

/** Faults 7 and 10 of the matrix: results and dead letters that cannot be written. */
export const publishingFaults: Fault[] = [
  {
    name: 'results-unavailable',
    about: 'the results topic takes no record for a minute: too few in-sync replicas',
    brokers: 3,
    needs: work,
    strike: (scene) => withoutResults(scene, tooFewReplicas),
  },
  {
    name: 'results-refused',
    about: 'each connection reset on which somebody sends a result, for a minute',
    needs: work,
    strike: (scene) => withoutResults(scene, refused),
  },
  {
    name: 'results-producer-fenced',
    about: 'a producer of results fenced by a successor with its id and a higher epoch, three times',
    needs: work,
    async strike({ world }) {
      const count = times(world, 3);
      for (let time = 0; time < count; time++) {
        await fenceOne(world);
        await world.last(4_000);
      }
      return `the broker took ${count} successors`;
    },
  },
  {
    name: 'dead-letters-unavailable',
    about:
      'the dead-letter topic takes no record for a minute: too few in-sync replicas; the bridge says so, and does not move the offset',
    brokers: 3,
    needs: handOver,
    strike: (scene) => refusedDeadLetters(scene, tooFewReplicas),
  },
  {
    name: 'dead-letters-refused',
    about:
      'each connection reset on which somebody sends a dead letter, for a minute; the bridge says so, and does not move the offset',
    needs: handOver,
    strike: (scene) => refusedDeadLetters(scene, refused),
  },
];

async function tooFewReplicas<T>(world: World, topic: string, meanwhile: () => Promise<T>): Promise<T> {
  const usual = await configureTopic(world.admin, topic, 'min.insync.replicas', '3');
  let done: T | undefined;
  try {
    await away(world, world.stack.servers.kafka[2], 0, async () => (done = await meanwhile()));
  } finally {
    await configureTopic(world.admin, topic, 'min.insync.replicas', usual ?? '2');
  }
  return done as T;
}

async function refused<T>(world: World, topic: string, meanwhile: () => Promise<T>): Promise<T> {
  let cut = 0;
  try {
    for (const proxy of world.proxies.kafka) {
      proxy.onProduce((frame) => {
        if (topicOf(frame) !== topic) return 'forward';
        cut++;
        return 'cut';
      });
    }
    const done = await meanwhile();
    await sign(`somebody writes to ${topic}`, () => cut > 0);
    return done;
  } finally {
    for (const proxy of world.proxies.kafka) proxy.onProduce(undefined);
  }
}

async function withoutResults({ world, load, watch }: Scene, refuse: Refuse): Promise<string> {
  return await refuse(world, topics.results, async () => {
    // What was on its way is written by then.
    await delay(1_000);
    const before = await written(world, topics.results);
    await world.last(60_000);
    await sign('jobs wait for their results', () => [...load.sent].some((id) => !watch.byId.has(id)));
    const more = (await written(world, topics.results)) - before;
    if (more > 0) throw new NoEffect(`${more} results were written all the same`);
    const waiting = [...load.sent].filter((id) => !watch.byId.has(id)).length;
    return `${waiting} jobs waited for their results, and none was written`;
  });
}

async function written(world: World, topic: string): Promise<number> {
  const ends = await patiently(() => world.admin.fetchTopicOffsets(topic));
  return ends.reduce((sum, { high }) => sum + Number(high), 0);
}

/** Who writes the next result is fenced with a copy of that very request. */
async function fenceOne(world: World): Promise<void> {
  let seen: { frame: Buffer; index: number } | undefined;
  try {
    for (const [index, proxy] of world.proxies.kafka.entries()) {
      proxy.onProduce((frame) => {
        if (topicOf(frame) === topics.results) seen ??= { frame: Buffer.from(frame), index };
        return 'forward';
      });
    }
    await sign('a result is written', () => seen !== undefined);
  } finally {
    for (const proxy of world.proxies.kafka) proxy.onProduce(undefined);
  }
  if (!seen) throw new NoEffect('no result was written');
  const [host = '', port] = (world.stack.kafkaListeners[seen.index]?.client ?? '').split(':');
  // A moment later than the original, whose place in the log it would otherwise take.
  await world.last(1_000);
  await fenceProducer(seen.frame, { host, port: Number(port) }).catch((error: Error) => {
    throw new NoEffect(error.message);
  });
}
