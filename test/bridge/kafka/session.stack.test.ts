import { startProcess } from '../../support/processes';
import { useRig } from '../../support/use-rig';

const rig = useRig({ partitions: 1 });

test('a session shorter than the brokers take is refused, and the log and the page say which variable it is', async () => {
  const bridge = startProcess('bridge/kafka/main.js', { ...rig.env, KAFKA_SESSION_TIMEOUT_MS: '5000' });
  const line = await bridge.logged(/joining the group again/);
  expect(line).toContain('KAFKA_SESSION_TIMEOUT_MS');
  const { address } = JSON.parse(await bridge.logged(/health and metrics are served/)) as { address: string };
  const page = await fetch(`${address}/readyz`);
  expect([page.status, await page.text()]).toEqual([
    503,
    expect.stringContaining('KAFKA_SESSION_TIMEOUT_MS'),
  ]);
});
