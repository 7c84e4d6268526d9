import { readCall } from '../../../stack/llm-simulator/call';
import { faultSettingsSchema, planCall } from '../../../stack/llm-simulator/faults';
import { parseOptions } from '../../../stack/llm-simulator/options';
import { openSimulator } from './support';

const request = { model: 'gpt-4.1', input: 'Company: Blue Harbor', tools: [{ type: 'web_search' as const }] };

async function textsOf(seed: number, jobs: string[]): Promise<string[]> {
  const opened = await openSimulator({ seed, timeScale: 0 });
  const texts: string[] = [];
  for (const job of jobs) {
    const response = await opened.client.responses.create({ ...request, metadata: { headway_job_id: job } });
    texts.push(JSON.stringify(response.output.map((item) => ({ ...item, id: '' }))));
  }
  await opened.stop();
  return texts;
}

it('answers the same job the same way, after a restart too', async () => {
  expect(await textsOf(1, ['a', 'b'])).toEqual(await textsOf(1, ['a', 'b']));
});

it('answers in the same way whatever came in between', async () => {
  const [alone] = await textsOf(1, ['a']);
  const [, afterOthers] = await textsOf(1, ['b', 'a']);
  expect(afterOthers).toBe(alone);
});

it('answers differently for another seed, another job, and the second call of a job', async () => {
  const [a, b, again] = await textsOf(1, ['a', 'b', 'a']);
  const [otherSeed] = await textsOf(2, ['a']);
  expect(new Set([a, b, again, otherSeed]).size).toBe(4);
});

it('takes the input for the job when no job id is sent', () => {
  const key = (input: string) => readCall({ model: 'm', input }).jobKey;
  expect(key('one')).toBe(key('one'));
  expect(key('one')).not.toBe(key('two'));
});

describe('latency', () => {
  const none = faultSettingsSchema.parse({});
  const latencies = (given: Parameters<typeof parseOptions>[0]) =>
    Array.from({ length: 4_000 }, (_, index) => {
      const call = readCall({ model: 'm', input: 'x', metadata: { headway_job_id: `job-${index}` } });
      return planCall(call, 1, none, parseOptions(given)).latencyMs;
    });

  it('is 5 to 10 s, and 30 s for about one call in a hundred', () => {
    const all = latencies({});
    const usual = all.filter((ms) => ms !== 30_000);
    expect(usual.every((ms) => ms >= 5_000 && ms <= 10_000)).toBe(true);
    expect(Math.min(...usual)).toBeLessThan(5_050);
    expect(Math.max(...usual)).toBeGreaterThan(9_950);
    const slow = all.length - usual.length;
    expect(slow).toBeGreaterThan(20);
    expect(slow).toBeLessThan(65);
  });

  it('depends on seed and job only, and is scaled', () => {
    expect(latencies({ seed: 7 })).toEqual(latencies({ seed: 7 }));
    expect(latencies({ seed: 7 })).not.toEqual(latencies({ seed: 8 }));
    expect(latencies({ timeScale: 0.02 })).toEqual(latencies({}).map((ms) => ms * 0.02));
  });
});
