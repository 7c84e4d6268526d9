import { createPublishResult } from '../../../activities/publish-result';
import type { ResultProducer, ResultRecord } from '../../../activities/publish-result/result-producer';
import { resultOf as result } from './support';

function open(
  send: ResultProducer['send'],
  timeLeftMs = () => 60_000,
  attempt = () => 1,
  isStuck: ResultProducer['isStuck'] = () => false,
) {
  const records: ResultRecord[] = [];
  const warnings: unknown[] = [];
  const quiet = () => undefined;
  const logger = { info: quiet, debug: quiet, warn: (...said: unknown[]) => void warnings.push(said) };
  const results: ResultProducer = {
    send: (record, signal) => {
      records.push(record);
      return send(record, signal);
    },
    isStuck,
    close: () => Promise.resolve(),
  };
  return { records, warnings, ...createPublishResult({ results, logger, timeLeftMs, attempt }) };
}
const acknowledge = () => Promise.resolve('acknowledged' as const);

describe('publishResults', () => {
  it('publishes each result under its job id, with headers to filter by and the trace', async () => {
    const { records, publishResults } = open(acknowledge);
    const item = { result: result('job-1'), traceparent: '00-a-b-01', tracestate: 'a=1' };
    await expect(publishResults({ items: [item] })).resolves.toEqual({ tooLarge: [] });
    expect(records[0]).toMatchObject({
      key: 'job-1',
      headers: {
        'headway-status': 'completed',
        'headway-pipeline': 'test-brief',
        traceparent: '00-a-b-01',
        tracestate: 'a=1',
      },
    });
    expect(JSON.parse(records[0]!.value.toString())).toEqual(item.result);
  });

  it('writes the same bytes when it is called again', async () => {
    const { records, publishResults } = open(acknowledge);
    const items = [{ result: result('job-1') }];
    await publishResults({ items });
    await publishResults({ items: JSON.parse(JSON.stringify(items)) });
    expect(records[0]!.value.equals(records[1]!.value)).toBe(true);
    expect(records[0]!.headers).toEqual(records[1]!.headers);
  });

  it('fails where the topic refuses a result that has to be taken, to be tried again later and later', async () => {
    const refuse = () => Promise.resolve('too-large' as const);
    const items = [{ result: result('job-1') }];
    for (const [attempt, waitMs] of [
      [1, 5_000],
      [3, 20_000],
      [2_000, 600_000],
    ] as const) {
      const { publishResults } = open(refuse, undefined, () => attempt);
      await expect(publishResults({ items, allOrError: true })).rejects.toMatchObject({
        ...{ type: 'HW_RESULT_TOO_LARGE', nonRetryable: false, nextRetryDelay: waitMs },
      });
    }
    const { publishResults } = open(acknowledge);
    await expect(publishResults({ items, allOrError: true })).resolves.toEqual({ tooLarge: [] });
  });

  it('names those that the topic refuses by their place, says so, and publishes the others', async () => {
    const { warnings, publishResults } = open(({ key }) =>
      Promise.resolve(key === 'refused' ? 'too-large' : 'acknowledged'),
    );
    const items = [result('a'), result('refused', '🚀'.repeat(300)), result('b')].map((one) => ({
      result: one,
    }));
    await expect(publishResults({ items })).resolves.toEqual({ tooLarge: [1] });
    const bytes = Buffer.byteLength(JSON.stringify(items[1]!.result));
    expect(warnings).toEqual([[{ jobId: 'refused', bytes }, expect.stringContaining('max.message.bytes')]]);
  });

  it('waits for every send before it fails', async () => {
    const ended: string[] = [];
    let endSlow!: () => void;
    const slow = new Promise<void>((resolve) => (endSlow = resolve));
    const { publishResults } = open(async ({ key }) => {
      if (key === 'fails') throw new Error('no leader');
      await slow;
      ended.push(key);
      return 'acknowledged';
    });
    const publishing = publishResults({ items: ['fails', 'slow'].map((id) => ({ result: result(id) })) });
    const seen = expect(publishing).rejects.toThrow('no leader');
    await new Promise((resolve) => setImmediate(resolve));
    expect(ended).toEqual([]);
    endSlow();
    await seen;
    expect(ended).toEqual(['slow']);
  });

  describe('to a topic that does not take all', () => {
    const takes = (key: string) => (key === 'fat' ? 'too-large' : 'acknowledged');
    const send: ResultProducer['send'] = ({ key }) =>
      key === 'sick' ? Promise.reject(new Error('no leader')) : Promise.resolve(takes(key));
    const itemsOf = (...ids: string[]) => ids.map((id) => ({ result: result(id) }));

    it('names those that failed by their place, and asks for nothing of the others again', async () => {
      const { warnings, publishResults } = open(send);
      const items = itemsOf('a', 'sick', 'fat', 'b', 'sick');
      await expect(publishResults({ items, mayFail: 'some' })).resolves.toEqual({
        tooLarge: [2],
        failed: [1, 4],
      });
      expect(warnings).toContainEqual([
        { results: 2, reason: 'no leader', times: 1 },
        expect.stringContaining('Kafka does not take some results'),
      ]);
    });

    it('fails where none was taken, so that it is tried again where it can be seen', async () => {
      const { publishResults } = open(send);
      const items = itemsOf('sick', 'fat');
      await expect(publishResults({ items, mayFail: 'some' })).rejects.toThrow('no leader');
      await expect(publishResults({ items, mayFail: 'all' })).resolves.toEqual({
        tooLarge: [1],
        failed: [0],
      });
    });

    it('fails for a workflow that does not know of places that failed', async () => {
      const { publishResults } = open(send);
      await expect(publishResults({ items: itemsOf('a', 'sick') })).rejects.toThrow('no leader');
    });

    describe('one of whose partitions is known to hang', () => {
      beforeEach(() => jest.useFakeTimers());
      afterEach(() => jest.useRealTimers());

      function begin(hangsFor: number) {
        const begun = Date.now();
        const hangs = () => Date.now() - begun < hangsFor;
        const silent: ResultProducer['send'] = (record, signal) =>
          record.key !== 'sick'
            ? send(record)
            : new Promise((resolve, reject) => {
                setTimeout(() => resolve('acknowledged'), hangsFor + 500);
                signal?.addEventListener('abort', () => reject(signal.reason as Error));
              });
        const { publishResults } = open(
          silent,
          () => 3_500,
          undefined,
          (key) => key === 'sick' && hangs(),
        );
        let response: unknown;
        void publishResults({ items: itemsOf('a', 'sick'), mayFail: 'some' }).then((said) => {
          response = said;
        });
        return { said: () => response };
      }
      const pass = (milliseconds: number) => jest.advanceTimersByTimeAsync(milliseconds);

      it('waits for it shortly, once all else is done', async () => {
        const { said } = begin(10_000);
        await pass(199);
        expect(said()).toBeUndefined();
        await pass(1);
        expect(said()).toEqual({ tooLarge: [], failed: [1] });
      });

      it('waits on for it when it goes on meanwhile, since it has sent the record then', async () => {
        const { said } = begin(100);
        await pass(599);
        expect(said()).toBeUndefined();
        await pass(1);
        expect(said()).toEqual({ tooLarge: [] });
      });
    });

    it('answers in time, when a partition does not', async () => {
      const silent: ResultProducer['send'] = (record, signal) =>
        record.key !== 'sick'
          ? send(record)
          : new Promise((_, reject) =>
              signal?.addEventListener('abort', () => reject(signal.reason as Error)),
            );
      const { publishResults } = open(silent, () => 20);
      const items = itemsOf('a', 'sick');
      await expect(publishResults({ items, mayFail: 'some' })).resolves.toEqual({
        tooLarge: [],
        failed: [1],
      });
      await expect(publishResults({ items })).rejects.toThrow('Kafka did not answer within 20 ms');
    });
  });
});
