import { deadLetterHeaders } from '../../../contracts/headers';
import { eventually } from '../../support/eventually';
import { endProcesses } from '../../support/processes';
import { briefs, createRig, type Rig } from '../../support/rig';
import { checkChain } from './chain-check';
import { createQueueHistory } from './queue-history';
import { createWatermarkMonitor, type Violation, type WatermarkMonitor } from './watermark-monitor';

let rig: Rig;
let monitor: WatermarkMonitor;
let seen: Violation[];

beforeEach(async () => {
  rig = await createRig({ partitions: 2 });
  seen = [];
  monitor = createWatermarkMonitor({
    kafka: rig.kafka,
    client: rig.client,
    queue: rig.queue,
    group: rig.group,
    deadLetterTopic: rig.env.DLQ_TOPIC ?? '',
    // So long that whatever happens between two looks is known only from the log of commits.
    intervalMs: 600_000,
    patienceMs: 2_000,
    onViolation: (violation) => seen.push(violation),
  });
});

afterEach(async () => {
  await endProcesses();
  await monitor.stop();
  await rig.close();
});

const committedUpTo = (...offsets: number[]) =>
  eventually(`committed offsets ${offsets.join(', ')}`, async () => {
    const committed = await rig.committed();
    return String(committed) === String(offsets) || `they are ${committed.join(', ')}`;
  });

/** What an operator can do. The group has to be empty. */
const commitByHand = (offset: number) =>
  rig.admin.setOffsets({
    groupId: rig.group,
    topic: rig.queue,
    partitions: [{ partition: 0, offset: String(offset) }],
  });

test('a run with dead letters, an aborted transaction, a reset and a topic made anew has no violation, and every record is verified', async () => {
  monitor.start();
  const bridge = await rig.startBridge({ PACK_MAX: '7' });
  await rig.produce(briefs(40, 'one'), 0);
  await rig.produceRaw(['not JSON', JSON.stringify(briefs(1, 'between')[0]), 'not JSON either'], 0);
  const producer = rig.kafka.producer({
    idempotent: true,
    transactionalId: rig.name,
    maxInFlightRequests: 1,
  });
  await producer.connect();
  for (const end of ['abort', 'commit'] as const) {
    const transaction = await producer.transaction();
    const messages = briefs(3, end).map((job) => ({ key: job.id, value: JSON.stringify(job), partition: 0 }));
    await transaction.send({ topic: rig.queue, messages });
    await transaction[end]();
  }
  await producer.disconnect();
  await rig.produce(briefs(30, 'other'), 1);
  await rig.produce(briefs(1, 'last'), 0);
  // 40 jobs, 3 raw ones, 3 aborted and 3 committed with a control record each, 1 job.
  await committedUpTo(52, 30);
  await bridge.kill('SIGTERM');
  await commitByHand(17);
  await rig.startBridge({ PACK_MAX: '5' });
  await committedUpTo(52, 30);
  await endProcesses();
  const { kafka, client, queue } = rig;
  const deadLetterTopic = rig.env.DLQ_TOPIC ?? '';
  const chain = { kafka, client, queue, deadLetterTopic };
  expect(await checkChain(chain)).toMatchObject({ records: 77, inPacks: 75, deadLettered: 2, problems: [] });

  const topics = { queue, results: rig.env.RESULTS_TOPIC ?? '', deadLetters: deadLetterTopic };
  const history = createQueueHistory({ kafka, client, topics, groupId: rig.group, jobIdsOnce: false });
  await history.keep();
  await monitor.caughtUp();
  await rig.admin.deleteTopics({ topics: [rig.queue] });
  await eventually('the topic is gone', async () => !(await rig.admin.listTopics()).includes(rig.queue));
  // Waiting for its leaders fails while the broker still remembers that it was deleted.
  const anew = { topic: rig.queue, numPartitions: 2, replicationFactor: 1 };
  await rig.admin.createTopics({ topics: [anew], waitForLeaders: false });
  await eventually('the topic is there', async () => (await rig.admin.listTopics()).includes(rig.queue));
  monitor.topicMadeAnew();
  await rig.produce(briefs(10, 'anew'), 0);
  await rig.startBridge();
  await eventually('the new records are committed', async () => (await rig.committed())[0] === 10);

  const report = await monitor.stop();
  expect(report).toMatchObject({ violations: [], unverified: 0, recordsVerified: 40 + 3 + 3 + 1 + 30 + 10 });
  expect(report.trouble).toBeUndefined();
  expect(await checkChain(chain)).toMatchObject({ records: 10, inPacks: 10, deadLettered: 0, problems: [] });
  expect(await history.chain()).toMatchObject({ records: 87, inPacks: 85, deadLettered: 2, problems: [] });
  const { records, ok } = await history.audit();
  expect({ ok, ...records }).toMatchObject({ ok: true, received: 87, running: 85, deadLettered: 2 });
});

test('an offset committed past a record that is in no workflow is a violation, that one and no other', async () => {
  monitor.start();
  const bridge = await rig.startBridge();
  await rig.produce(briefs(10, 'fine'), 0);
  await eventually('they are committed', async () => (await rig.committed())[0] === 10);
  await bridge.kill('SIGTERM');
  await rig.produce(briefs(2, 'passed'), 0);
  await commitByHand(11);
  await commitByHand(10);

  const { violations, recordsVerified, unverified } = await monitor.stop();
  const why = expect.stringContaining('neither in a workflow nor a dead letter');
  expect(violations).toEqual([{ partition: 0, offset: 10, why }]);
  expect(seen).toEqual(violations);
  expect([recordsVerified, unverified]).toEqual([10, 0]);
});

test('a dead letter that is written after the commit is a violation, whatever time its sender gives it', async () => {
  monitor.start();
  await rig.produceRaw(['not JSON'], 0);
  const timestamp = String(Date.now());
  await commitByHand(1);
  const committedBy = Date.now();
  await eventually('the clock has moved on', () => Date.now() > committedBy + 50);
  const producer = rig.kafka.producer();
  await producer.connect();
  const headers = {
    [deadLetterHeaders.topic]: rig.queue,
    [deadLetterHeaders.partition]: '0',
    [deadLetterHeaders.offset]: '0',
  };
  const messages = [{ value: 'not JSON', headers, timestamp }];
  await producer.send({ topic: rig.env.DLQ_TOPIC ?? '', messages });
  await producer.disconnect();

  const { violations } = await monitor.stop();
  const why = expect.stringMatching(/ms before it became a dead letter$/);
  expect(violations).toEqual([{ partition: 0, offset: 0, why }]);
});
