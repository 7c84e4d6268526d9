import type { QueueBatch } from '../../../../bridge/kafka/queue-record';
import { deferred } from '../support';
import { useQueueConsumer } from './under-test';

const under = useQueueConsumer();
const { made } = under;

describe('a batch', () => {
  it('of a partition that was lost while it waited in the client is not begun', async () => {
    const [first] = made;
    const begun: number[] = [];
    under.onBatch = ({ partition }) => {
      begun.push(partition);
      return Promise.resolve(1n);
    };
    first!.joins(0, 1);
    await first!.brings(1);
    first!.joins(0);
    await first!.brings(1);
    await first!.brings(0);
    expect(begun).toEqual([1, 0]);
    expect(first!.resolved).toEqual(['1:0', '0:0']);
  });

  describe('once it has begun', () => {
    let inHand: QueueBatch | undefined;
    let handing: ReturnType<typeof deferred<bigint>>;
    const asked = () => [inHand?.owned(), inHand?.held()];

    beforeEach(() => {
      handing = deferred<bigint>();
      under.onBatch = (batch) => {
        inHand = batch;
        return handing.promise;
      };
    });

    it('is nobody\u2019s any more with another assignment, and moves no position then', async () => {
      const [first] = made;
      const brought = first!.brings(0);
      const before = asked();
      first!.joins(0);
      const after = asked();
      handing.resolve(1n);
      await brought;
      expect([before, after, first!.resolved]).toEqual([[true, true], [false, false], []]);
    });

    it('is still this bridge\u2019s when that stops, so what is under way is committed, and nothing more begun', async () => {
      const brought = made[0]!.brings(0);
      const stopped = under.consumer.stop();
      expect(asked()).toEqual([true, false]);
      handing.resolve(1n);
      await Promise.all([brought, stopped]);
    });

    it('wants nothing more when it has ended', async () => {
      const brought = made[0]!.brings(0);
      handing.resolve(1n);
      await brought;
      expect(asked()).toEqual([true, false]);
    });
  });
});

describe('a batch that rests', () => {
  let resting: boolean;
  let behind: number;

  beforeEach(() => {
    resting = false;
    under.onBatch = async (batch) => {
      behind = batch.behind;
      resting = true;
      await batch.rest(3_600_000);
      resting = false;
      return 1n;
    };
  });

  it('ends with the bridge, and its record counts as read', async () => {
    const brought = made[0]!.brings(0);
    expect([resting, behind]).toEqual([true, 7]);
    await under.consumer.stop();
    await brought;
    expect([resting, made[0]!.resolved]).toEqual([false, ['0:0']]);
  });

  it('ends when the consumer is given up, which waits for it', async () => {
    const brought = made[0]!.brings(0);
    made[0]!.timesOut();
    await brought;
    expect(resting).toBe(false);
  });

  it('ends with an assignment that comes meanwhile', async () => {
    const brought = made[0]!.brings(0);
    made[0]!.joins(0);
    await brought;
    expect(resting).toBe(false);
  });

  it('ends when the group rebalances, which waits for it', async () => {
    made[0]!.heartbeat = () => Promise.reject(new Error('The group is rebalancing'));
    const brought = made[0]!.brings(0);
    await expect(brought).rejects.toThrow('rebalancing');
    expect(resting).toBe(false);
  });
});
