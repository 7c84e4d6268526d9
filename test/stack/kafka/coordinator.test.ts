import type { Admin } from 'kafkajs';
import { untilOffsetsAreKnown } from '../../../stack/kafka/coordinator';

/** An admin client that is turned away so often. */
function turnedAway(times: number) {
  let asked = 0;
  const fetchOffsets = (() => {
    if (++asked > times) return Promise.resolve([]);
    // As kafkajs has it while the topic of the groups is being made.
    const error = Object.assign(new Error('Failed to find group coordinator'), { retriable: false });
    return Promise.reject(error);
  }) as Admin['fetchOffsets'];
  return { admin: { fetchOffsets }, asked: () => asked };
}

test('the coordinator is asked again, also when kafkajs says that it is no use', async () => {
  const { admin, asked } = turnedAway(2);
  await untilOffsetsAreKnown(admin, 'group');
  expect(asked()).toBe(3);
});

test('after all patience what Kafka said last is thrown', async () => {
  const { admin } = turnedAway(Infinity);
  await expect(untilOffsetsAreKnown(admin, 'group', 0)).rejects.toThrow('Failed to find group coordinator');
});
