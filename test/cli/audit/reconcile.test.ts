import { toRecord } from '../../../cli/audit/missing-results';
import { jobResultSchema, type JobResult } from '../../../contracts/job-result';
import { FakeWorld, message, timestampOf, TOPIC, worldOf } from './support';

describe('publishing what is missing', () => {
  /** Jobs 0 and 1 in a terminated pack, 0 with its result; 2 left its pack and was terminated alone; 3 is in no workflow; 4 has lost its result. */
  function terminated(): FakeWorld {
    const world = worldOf(5);
    world.pack([0, 1], 'TERMINATED');
    world.pack([2], 'COMPLETED');
    world.pack([4], 'COMPLETED');
    world.job('job-2', 'job-2', 'TERMINATED');
    world.result(0);
    return world;
  }

  async function publishing(world: FakeWorld, settledAfterMs = 30_000) {
    const published: JobResult[] = [];
    const report = await world.audit({
      settledAfterMs,
      publishMissing: async (missing) => {
        for (const one of missing) {
          published.push(jobResultSchema.parse(one.result));
          world.results.push({ ...message(world.results.length), value: Buffer.from(toRecord(one).value) });
        }
      },
    });
    return { report, published };
  }

  test('gives each job of a terminated workflow a failed result, and no other job one', async () => {
    const world = terminated();
    const { report, published } = await publishing(world);
    expect(
      published.map(({ id, status, error, workflow }) => [id, status, error?.type, workflow.id]),
    ).toEqual([
      ['job-1', 'failed', 'HW_WORKFLOW_TERMINATED', world.packs[0]?.workflowId],
      ['job-2', 'failed', 'HW_WORKFLOW_TERMINATED', 'job-2'],
    ]);
    expect(report.records).toMatchObject({ completed: 1, failed: 2, lost: 2 });
    expect(report.results.published).toBe(2);
    expect((await publishing(world)).published).toEqual([]);
  });

  test('gives the same bytes each time, so that two audits side by side do no harm', async () => {
    const [first, second] = await Promise.all([publishing(terminated()), publishing(terminated())]);
    expect(JSON.stringify(second.published)).toBe(JSON.stringify(first.published));
  });

  test('waits until no worker can be publishing for the workflow any more', async () => {
    const { report, published } = await publishing(terminated(), 120_000);
    expect(published).toEqual([]);
    expect(report.records.lost).toBe(4);
    expect(report.warnings).toEqual([expect.stringContaining('Not published: 2 missing results')]);
  });
});

describe('LLM calls', () => {
  test('beyond what the result tells are duplicates; those of a running job are not judged', async () => {
    const world = worldOf(3);
    world.pack([2]);
    world.result(0);
    world.result(1);
    const counts = new Map([
      ['job-0', 1],
      ['job-1', 3],
      ['job-2', 7],
      ['somebody else', 9],
    ]);
    const { llmCalls, examples, ok } = await world.audit({ readLlmCalls: async () => counts });
    expect(llmCalls).toEqual({ accepted: 4, accountedFor: 2, duplicate: 2, unknown: 0 });
    expect(examples.duplicateLlmCalls).toEqual([{ jobId: 'job-1', calls: 3, accountedFor: 1 }]);
    expect(ok).toBe(true);
  });

  test('of a job that is being run again are not judged until that run has its result', async () => {
    const world = worldOf(1);
    world.result(0, 'failed');
    world.job('job-0');
    const readLlmCalls = async () => new Map([['job-0', 2]]);
    const { llmCalls, examples } = await world.audit({ readLlmCalls });
    expect(llmCalls).toEqual({ accepted: 2, accountedFor: 1, duplicate: 0, unknown: 0 });
    expect(examples.duplicateLlmCalls).toEqual([]);
  });

  test('of a job whose second run ends while Temporal is asked are those of both its results', async () => {
    const world = worldOf(1);
    world.result(0, 'failed');
    const replaces = { id: 'pack', runId: 'run-0' };
    world.meanwhile = () => {
      if (world.results.length === 1) world.result(0, 'completed', { run: { number: 2, replaces } });
    };
    const { llmCalls } = await world.audit({ readLlmCalls: async () => new Map([['job-0', 2]]) });
    expect(llmCalls).toEqual({ accepted: 2, accountedFor: 2, duplicate: 0, unknown: 0 });
  });

  test.each(['cancelled', 'expired'] as const)(
    'of a job that was %s, and then run again: its first result cannot tell of the call that was stopped',
    async (status) => {
      const world = worldOf(2);
      world.result(0, status, { usage: { llmCalls: 0 } });
      world.result(0, 'completed', { run: { number: 2, replaces: { id: 'pack', runId: 'run-0' } } });
      world.result(1, status, { usage: { llmCalls: 0 } });
      const counts = new Map([
        ['job-0', 2],
        ['job-1', 1],
      ]);
      const { llmCalls, examples } = await world.audit({ readLlmCalls: async () => counts });
      expect(llmCalls).toEqual({ accepted: 3, accountedFor: 1, duplicate: 0, unknown: 0 });
      expect(examples.duplicateLlmCalls).toEqual([]);
    },
  );

  test('are not counted where nobody counts', async () => {
    expect((await worldOf(1).audit({ readLlmCalls: async () => undefined })).llmCalls).toBeNull();
  });
});

describe('a results topic', () => {
  async function warningsWith(policy: string | undefined): Promise<string[]> {
    const world = worldOf(0);
    world.resultsPolicy = policy;
    return (await world.audit()).warnings;
  }

  test('that is compacted, or may be, has dropped results: that is said', async () => {
    expect(await warningsWith('delete')).toEqual([]);
    expect(await warningsWith('compact,delete')).toEqual([
      expect.stringContaining('cleanup.policy=compact,delete, older results'),
    ]);
    expect(await warningsWith(undefined)).toEqual([
      expect.stringContaining('does not tell the cleanup.policy'),
    ]);
  });
});

test('a record without a job id is named by the id the bridge makes for it', async () => {
  const world = new FakeWorld(1);
  world.record(0);
  world.committed = 1;
  const { examples } = await world.audit();
  expect(examples.lost).toMatchObject([{ jobId: `${TOPIC}:0:0:${timestampOf(0)}` }]);
});
