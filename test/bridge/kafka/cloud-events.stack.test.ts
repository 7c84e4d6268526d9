import { CloudEvent, Kafka as KafkaBinding } from 'cloudevents';
import type { Message } from 'kafkajs';
import { audit } from '../../../cli/audit/audit';
import { againstDocument } from '../../support/async-api';
import { eventually } from '../../support/eventually';
import { packsOf } from '../../support/packs';
import { briefs } from '../../support/rig';
import { useRig } from '../../support/use-rig';

const rig = useRig();
const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

/** A job without an id, as an event that the CloudEvents SDK writes. */
function eventMessage(mode: 'binary' | 'structured', id: string): Message {
  const { pipeline, input } = briefs(1, rig.name)[0]!;
  const source = `/${rig.name}`;
  const event = new CloudEvent({ id, source, type: 'brief', data: { pipeline, input }, traceparent });
  const { value, headers } = KafkaBinding[mode](event);
  return {
    value: typeof value === 'string' ? value : JSON.stringify(value),
    headers: Object.fromEntries(
      Object.entries(headers).flatMap(([name, text]) => (text === undefined ? [] : [[name, String(text)]])),
    ),
  };
}

test('events of both modes are jobs with the id of the event, also when they are read or sent again', async () => {
  const producer = rig.kafka.producer();
  await producer.connect();
  const send = (messages: Message[]) => producer.send({ topic: rig.queue, acks: -1, messages });
  const [binary, structured] = [eventMessage('binary', '1'), eventMessage('structured', '2')];
  const ids = [`/${rig.name}#1`, `/${rig.name}#2`];
  await send([binary, structured]);
  const bridge = await rig.startBridge();
  await rig.startWorker();
  const results = await rig.resultsFor(ids);
  for (const id of ids) expect(results.get(id)?.[0]?.result).toMatchObject({ id, status: 'completed' });
  await bridge.kill('SIGTERM');

  // Read again: the same jobs, which are there. Sent again: jobs of their own, under the same id.
  await rig.admin.setOffsets({
    groupId: rig.group,
    topic: rig.queue,
    partitions: [{ partition: 0, offset: '0' }],
  });
  await send([structured, binary]);
  await rig.startBridge();
  await eventually('four results', () => rig.results.length >= 4 || `there are ${rig.results.length}`);
  const found = rig.results.map(({ key, result }) => [
    key,
    'offset' in result.source && result.source.offset,
  ]);
  expect(found.sort()).toEqual([
    [ids[0], '0'],
    [ids[0], '3'],
    [ids[1], '1'],
    [ids[1], '2'],
  ]);
  await eventually('all packs have ended', async () => {
    const packs = await packsOf(rig.client, rig.queue, 0);
    return packs.every(({ status }) => status === 'COMPLETED');
  });
  expect(rig.deadLetters).toEqual([]);

  // What was sent and what came back is what the AsyncAPI document says.
  const broken = { ...binary, headers: { ...binary.headers, ce_source: '' } };
  await send([broken]);
  await producer.disconnect();
  await eventually('the dead letter', () => rig.deadLetters.length === 1);
  const json = ({ value }: { value: unknown }) => JSON.parse(String(value)) as unknown;
  const problems = [
    againstDocument('jobRequest', 'payload', json(binary)),
    againstDocument('cloudEventBinary', 'headers', binary.headers),
    againstDocument('cloudEventStructured', 'headers', structured.headers),
    againstDocument('cloudEventStructured', 'payload', json(structured)),
    ...rig.results.flatMap(({ headers, bytes }) => [
      againstDocument('jobResult', 'headers', headers),
      againstDocument('jobResult', 'payload', JSON.parse(bytes)),
    ]),
    againstDocument('deadLetter', 'headers', rig.deadLetters[0]?.headers),
  ];
  expect(problems.flat()).toEqual([]);
  expect(againstDocument('cloudEventBinary', 'headers', broken.headers)).toHaveLength(1);
  expect(rig.results[0]?.headers).toMatchObject({ traceparent });

  const topics = { queue: rig.queue, results: rig.env.RESULTS_TOPIC!, deadLetters: rig.env.DLQ_TOPIC! };
  const report = await audit({ kafka: rig.kafka, client: rig.client, topics, groupId: rig.group });
  expect(report).toMatchObject({
    ok: true,
    records: { completed: 4, deadLettered: 1 },
    results: { jobsWithOtherIds: 0 },
  });
});
