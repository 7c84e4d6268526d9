import { readRanges } from '../../../runtime/kafka/read-ranges';
import { useRig } from '../../support/use-rig';

const rig = useRig();

const ranges = [{ partition: 0, from: 1, to: 4 }];

test('reads a range, each record once', async () => {
  await rig.produceRaw(['a', 'b', 'c', 'd', 'e']);
  const read: string[] = [];
  await readRanges({
    kafka: rig.kafka,
    topic: rig.queue,
    ranges,
    onRecord: (_, { value }) => void read.push(String(value)),
  });
  expect(read).toEqual(['b', 'c', 'd']);
});

test('an error of whom it reads for ends it, instead of a record that is passed over', async () => {
  await rig.produceRaw(['a', 'b', 'c', 'd', 'e']);
  const read: string[] = [];
  const reading = readRanges({
    kafka: rig.kafka,
    topic: rig.queue,
    ranges,
    onRecord: (_, { value }) => {
      if (String(value) === 'c') throw new Error('cannot take c');
      read.push(String(value));
    },
  });
  await expect(reading).rejects.toThrow('cannot take c');
  expect(read).toEqual(['b']);
});
