import { deferred } from '../support';
import { useQueueConsumer } from './under-test';

const under = useQueueConsumer();
const { made, warnings } = under;

describe('a partition that is set aside', () => {
  let patience: number[];
  let inTrouble: boolean;

  beforeEach(() => {
    patience = [];
    inTrouble = true;
    under.onBatch = ({ partition, records, patienceMs, setAside }) => {
      const [first] = records;
      if (partition !== 1 || !inTrouble) return Promise.resolve((first?.offset ?? 0n) + 1n);
      patience.push(patienceMs());
      setAside('write dead letters');
      return Promise.resolve(first?.offset ?? 0n);
    };
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick'] });
    made[0]!.joins(0, 1);
  });

  afterEach(() => jest.useRealTimers());

  const paused = () => [0, 1].map((partition) => made[0]!.isPaused(partition));

  it('alone is read no further, and tried again after a while, each time for longer, up to a bound', async () => {
    for (const waitMs of [5_000, 10_000, 15_000, 15_000]) {
      await made[0]!.brings(1);
      expect(paused()).toEqual([false, true]);
      jest.advanceTimersByTime(waitMs - 1);
      expect(paused()).toEqual([false, true]);
      jest.advanceTimersByTime(1);
      expect(paused()).toEqual([false, false]);
    }
    // The others wait behind it only once.
    expect(patience).toEqual([5_000, 0, 0, 0]);
    expect(made[0]!.resolved).toEqual([]);
  });

  it('stays aside when backpressure ends, and backpressure stays when its wait ends', async () => {
    await made[0]!.brings(1);
    under.consumer.pause();
    expect(paused()).toEqual([true, true]);
    under.consumer.resume();
    expect(paused()).toEqual([false, true]);
    under.consumer.pause();
    jest.advanceTimersByTime(5_000);
    expect(paused()).toEqual([true, true]);
    under.consumer.resume();
    expect(paused()).toEqual([false, false]);
  });

  it('does not end the pause of backpressure when it comes later', async () => {
    const end = deferred();
    under.onBatch = async ({ records, setAside }) => {
      await end.promise;
      setAside('write dead letters');
      return records[0]?.offset ?? 0n;
    };
    const brought = made[0]!.brings(1);
    under.consumer.pause();
    end.resolve();
    await brought;
    expect(paused()).toEqual([true, true]);
  });

  it('is in trouble until records of it are durable', async () => {
    await made[0]!.brings(1);
    jest.advanceTimersByTime(5_000);
    await made[0]!.brings(0);
    expect([under.consumer.trouble(), under.setAside]).toEqual(['write dead letters (partition 1)', 1]);
    await made[0]!.brings(1);
    // Said once, however often it is tried.
    expect(warnings).toEqual([expect.objectContaining({ partition: 1 })]);
    jest.advanceTimersByTime(10_000);
    inTrouble = false;
    await made[0]!.brings(1);
    expect([under.consumer.trouble(), under.setAside]).toEqual([undefined, 0]);
  });

  it('is like any other after a new assignment', async () => {
    await made[0]!.brings(1);
    made[0]!.joins(0, 1);
    expect([paused(), under.consumer.trouble(), under.setAside]).toEqual([[false, false], undefined, 0]);
  });
});
