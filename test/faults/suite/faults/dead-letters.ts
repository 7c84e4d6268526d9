import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../../../support/eventually';
import { topics, type World } from '../world';
import { NoEffect, type Scene } from './fault';
import { committedOffsets } from './group';
import { timesSaid } from './times-said';
import { patiently, sign } from './waiting';

const REFUSED_MS = 60_000;
const COMPLAINT = /could not write dead letters; the offset stays where it is/g;

/** Makes a topic refuse what is written to it while `meanwhile` goes on. */
export type Refuse = <T>(world: World, topic: string, meanwhile: () => Promise<T>) => Promise<T>;

/**
 * A record that is no job, while its dead letter cannot be written: a bridge has to say so, the offset must not pass the record, and
 * both go on when the topic is back.
 *
 * @throws Error when the offset passes it, or stays behind it for two minutes when the topic is back
 */
export async function refusedDeadLetters({ world, load }: Scene, refuse: Refuse): Promise<string> {
  const complaintsBefore = await complaints(world);
  const at = await refuse(world, topics.deadLetters, async () => {
    const record = await patiently(() => sendPoison(world));
    load.poison++;
    let tooEarly = false;
    await sign('a bridge says that it cannot write dead letters', async () => {
      tooEarly = await hasPassed(world, record);
      return tooEarly || (await complaints(world)) > complaintsBefore;
    });
    if (tooEarly) throw new Error(passed(record));
    const until = Date.now() + REFUSED_MS * world.options.faultScale;
    do {
      if (await hasPassed(world, record)) throw new Error(passed(record));
      await delay(500);
    } while (Date.now() < until);
    return record;
  });
  const said = (await complaints(world)) - complaintsBefore;
  await eventually('the offset passes the dead letter', () => hasPassed(world, at), 120_000);
  return `a bridge said so ${said} times, and partition ${at.partition} stayed at most at ${at.offset} until the topic was back`;
}

interface Place {
  partition: number;
  offset: number;
}

const passed = ({ partition, offset }: Place) =>
  `the offset of partition ${partition} has passed ${offset}, whose dead letter cannot be written`;

async function hasPassed(world: World, { partition, offset }: Place): Promise<boolean> {
  const committed = await patiently(() => committedOffsets(world));
  return (committed.get(partition) ?? 0) > offset;
}

/** Past the proxies. */
async function sendPoison(world: World): Promise<Place> {
  const producer = world.kafka.producer({ allowAutoTopicCreation: false, retry: { retries: 5 } });
  await producer.connect();
  try {
    const [sent] = await producer.send({
      topic: topics.queue,
      acks: -1,
      messages: [{ key: 'no job', value: 'not JSON, while nobody takes its dead letter', partition: 0 }],
    });
    if (sent?.baseOffset === undefined) throw new NoEffect('the record that is no job was not taken');
    return { partition: sent.partition, offset: Number(sent.baseOffset) };
  } finally {
    await producer.disconnect();
  }
}

const complaints = (world: World): Promise<number> => timesSaid(world, world.bridges, COMPLAINT);
