import { eventually } from '../../../support/eventually';
import { deferred, settled } from '../support';
import { useQueueConsumer } from './under-test';

const under = useQueueConsumer();
const { made } = under;

describe('a bridge that stops while its consumer begins again', () => {
  it('does not join any more when it has only connected', async () => {
    const connected = deferred();
    under.prepare = (next) => (next.connect = () => connected.promise);
    made[0]!.crashes();
    await eventually('there is a new consumer', () => made.length === 2);
    const stopping = under.consumer.stop();
    connected.resolve();
    await stopping;
    expect(made[1]).toMatchObject({ running: false, disconnected: true });
  });

  it('leaves the group when it has joined, since kafkajs cannot give that up', async () => {
    const joined = deferred();
    under.prepare = (next) => (next.run = () => joined.promise);
    made[0]!.crashes();
    await eventually('there is a new consumer', () => made.length === 2);
    await settled();
    const stopping = under.consumer.stop();
    await settled();
    expect(made[1]!.disconnected).toBe(false);
    joined.resolve();
    await stopping;
    expect(made[1]!.disconnected).toBe(true);
  });
});

describe('a bridge that stops while a batch is in hand', () => {
  it('fetches nothing more, and leaves the group although the batch does not end', async () => {
    under.onBatch = () => new Promise(() => undefined);
    void made[0]!.brings(0);
    const flushed = jest.fn(() => Promise.resolve());
    const stopped = under.consumer.stop(flushed);
    expect([made[0]!.pausedAll, flushed.mock.calls.length]).toEqual([true, 0]);
    await stopped;
    expect([made[0]!.disconnected, flushed.mock.calls.length]).toEqual([true, 1]);
  });
});
