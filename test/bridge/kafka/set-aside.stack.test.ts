import { createServer, type AddressInfo, type Socket } from 'node:net';
import { ConfigResourceTypes } from 'kafkajs';
import { eventually } from '../../support/eventually';
import { briefs } from '../../support/rig';
import { useRig } from '../../support/use-rig';
import { range } from './support';

const rig = useRig({ partitions: 2 });

test('a dead letter that is refused for ever holds up its own partition and no other, and goes on once it is taken', async () => {
  // Such a topic refuses what has no key.
  await setDeadLetterPolicy('compact');
  await rig.produceRaw(['not JSON'], 0);
  const bridge = await rig.startBridge();
  await eventually('the dead letter is refused', () => /could not write dead letters/.test(bridge.log()));
  await rig.produce(briefs(3, 'behind'), 0);
  await rig.produce(briefs(5, 'beside'), 1);
  await eventually('the other partition goes on', async () => (await rig.committed())[1] === 5, 30_000);
  expect((await rig.committed())[0]).toBe(-1);

  await setDeadLetterPolicy('delete');
  await eventually('so does this one', async () => (await rig.committed())[0] === 4, 30_000);
  await eventually('the dead letter is there', () => rig.deadLetters.length === 1);
});

test('a payload store that takes connections and says nothing holds up who needs it, and no other, nor the end of the bridge', async () => {
  const sockets = new Set<Socket>();
  const store = createServer((socket) => sockets.add(socket.on('error', () => undefined)));
  await new Promise<void>((resolve) => store.listen(0, '127.0.0.1', resolve));
  try {
    // Together more than is put into a payload.
    const large = range(0, 4).map((index) => ({
      ...{ id: `large-${index}`, pipeline: 'document-triage' },
      input: { text: 'x'.repeat(59_000) },
    }));
    await rig.produce(large, 0);
    const bridge = await rig.startBridge({
      PAYLOAD_STORE: 's3://bucket/prefix',
      PAYLOAD_STORE_THRESHOLD_BYTES: '131072',
      AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${(store.address() as AddressInfo).port}`,
      ...{ AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'any', AWS_SECRET_ACCESS_KEY: 'any' },
    });
    await eventually('the store is asked', () => sockets.size > 0);
    await rig.produce(briefs(5, 'beside'), 1);
    await eventually('the other partition goes on', async () => (await rig.committed())[1] === 5, 30_000);
    expect((await rig.committed())[0]).toBe(-1);
    expect(bridge.log()).toMatch(/no answer within 10000 ms/);

    await bridge.kill('SIGTERM');
    await expect(bridge.ended).resolves.toEqual({ code: 0, signal: null });
  } finally {
    for (const socket of sockets) socket.destroy();
    store.close();
  }
});

async function setDeadLetterPolicy(value: string): Promise<void> {
  const name = rig.env.DLQ_TOPIC!;
  const configEntries = [{ name: 'cleanup.policy', value }];
  await rig.admin.alterConfigs({
    validateOnly: false,
    resources: [{ type: ConfigResourceTypes.TOPIC, name, configEntries }],
  });
}
