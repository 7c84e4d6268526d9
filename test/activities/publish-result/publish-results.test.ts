import { createPublishResult } from '../../../activities/publish-result';
import type { ResultProducer, ResultRecord } from '../../../activities/publish-result/result-producer';
import { jobResultSchema, type JobResult } from '../../../contracts/job-result';

const result = (id: string, output: unknown = 'fine'): JobResult =>
  jobResultSchema.parse({
    id,
    pipeline: 'test-brief',
    status: 'completed',
    output,
    usage: { inputTokens: 1, outputTokens: 2, webSearches: 0, llmCalls: 1 },
    timings: { receivedAt: '', startedAt: '', completedAt: '', queuedMs: 0, llmMs: 0, totalMs: 0 },
    source: { door: 'http', timestamp: 0 },
    workflow: { id: 'w', runId: 'r' },
  });

function open(send: ResultProducer['send']) {
  const records: ResultRecord[] = [];
  const warnings: unknown[] = [];
  const quiet = () => undefined;
  const logger = { info: quiet, debug: quiet, warn: (...said: unknown[]) => void warnings.push(said) };
  const results: ResultProducer = {
    send: (record) => {
      records.push(record);
      return send(record);
    },
    close: () => Promise.resolve(),
  };
  return { records, warnings, ...createPublishResult({ results, logger }) };
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
});
