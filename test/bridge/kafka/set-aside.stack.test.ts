import { ConfigResourceTypes } from 'kafkajs';
import { eventually } from '../../support/eventually';
import { briefs } from '../../support/rig';
import { useRig } from '../../support/use-rig';

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

async function setDeadLetterPolicy(value: string): Promise<void> {
  const name = rig.env.DLQ_TOPIC!;
  const configEntries = [{ name: 'cleanup.policy', value }];
  await rig.admin.alterConfigs({
    validateOnly: false,
    resources: [{ type: ConfigResourceTypes.TOPIC, name, configEntries }],
  });
}
