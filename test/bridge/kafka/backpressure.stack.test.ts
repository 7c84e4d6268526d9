import { eventually } from '../../support/eventually';
import type { HeadwayProcess } from '../../support/processes';
import { briefs, idsOf } from '../../support/rig';
import { useRig } from '../../support/use-rig';

/** The default of KAFKA_SESSION_TIMEOUT_MS: whoever is silent for so long is out of the group. */
const SESSION_MS = 6_000;

const rig = useRig({ partitions: 4 });

const running = async () =>
  (await rig.client.workflow.count(`TaskQueue = '${rig.name}' AND ExecutionStatus = 'Running'`)).count;

const handedOver = async () => (await rig.committed()).reduce((sum, offset) => sum + Math.max(offset, 0), 0);

async function members(): Promise<string[]> {
  const { groups } = await rig.admin.describeGroups([rig.group]);
  return groups[0]?.state === 'Stable' ? groups[0].members.map(({ memberId }) => memberId) : [];
}

async function readyPage(bridge: HeadwayProcess) {
  const { address } = JSON.parse(await bridge.logged(/health and metrics are served/)) as { address: string };
  const response = await fetch(`${address}/readyz`);
  return { status: response.status, text: await response.text() };
}

const times = (log: string, text: string) => log.split(text).length - 1;

test('without a worker the bridge stops at the mark, stays in its group, and goes on when there is one', async () => {
  const jobs = briefs(100, 'flood');
  await rig.produce(jobs);
  const bridge = await rig.startBridge({
    PACK_MAX: '1',
    BRIDGE_BACKLOG_HIGH: '60',
    BRIDGE_BACKLOG_LOW: '20',
  });
  await bridge.logged(/bridge pauses/);
  const pausedAt = Date.now();
  const membersBefore = await members();
  expect(membersBefore).toHaveLength(1);
  expect(await readyPage(bridge)).toMatchObject({
    status: 200,
    text: expect.stringContaining('paused: ') as string,
  });

  await eventually('every start is committed', async () => (await handedOver()) === (await running()));
  await eventually('a session is over', () => Date.now() - pausedAt > SESSION_MS + 1_000);
  // At most those beyond the mark that were under way when it was reached: one for each partition.
  expect(await running()).toBeLessThan(60 + 4);
  expect(await running()).toBeGreaterThan(20);
  expect(await members()).toEqual(membersBefore);

  await rig.startWorker();
  const results = await rig.resultsFor(idsOf(jobs));
  expect([...results.values()].filter((records) => records.length !== 1)).toEqual([]);
  expect(await handedOver()).toBe(100);
  expect(bridge.log()).toContain('bridge goes on');
  expect([times(bridge.log(), '"joined the group"'), times(bridge.log(), 'rebalancing')]).toEqual([1, 0]);
});

test('a bridge that joins or dies during a pause changes nothing: no more is started, and nothing is lost', async () => {
  const jobs = briefs(60, 'joins');
  await rig.produce(jobs);
  const marks = { PACK_MAX: '1', BRIDGE_IN_FLIGHT_HIGH: '20', BRIDGE_IN_FLIGHT_LOW: '5' };
  const first = await rig.startBridge(marks);
  await first.logged(/bridge pauses/);
  await eventually('every start is committed', async () => (await handedOver()) === (await running()));
  const second = await rig.startBridge(marks);
  await eventually('both are members', async () => (await members()).length === 2);
  await second.logged(/bridge pauses/);
  await first.kill('SIGKILL');
  // Each may have had one start under way in each partition, and the second one began before its first reading.
  expect(await running()).toBeLessThan(20 + 3 * 4);

  await rig.startWorker();
  const results = await rig.resultsFor(idsOf(jobs));
  expect([...results.values()].filter((records) => records.length !== 1)).toEqual([]);
});
