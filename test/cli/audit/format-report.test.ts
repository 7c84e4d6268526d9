import { formatReport } from '../../../cli/audit/format-report';
import { FakeWorld } from './support';

async function table(world: FakeWorld): Promise<string> {
  return formatReport(await world.audit({ examples: 1 }), { stdout: { write: () => undefined }, env: {} });
}

test('the table counts every kind, names the first of what is wrong, and ends with the verdict', async () => {
  const world = new FakeWorld(4);
  for (const offset of [0, 1, 2, 3]) world.record(offset, `job-${offset}`);
  world.committed = 4;
  const { workflowId } = world.pack([0, 1, 2, 3], 'TERMINATED');
  world.result(0);
  world.result(0, 'failed');
  const text = await table(world);
  expect(text).toMatch(/^received +4$/m);
  expect(text).toMatch(/^completed +1$/m);
  expect(text).toMatch(/^lost +3$/m);
  expect(text).toContain('Lost, the first 1 of 3:\n  partition 0 offset 1  job job-1');
  expect(text).toContain(workflowId);
  expect(text.split('\n').at(-1)).toBe('NOT GOOD: 3 lost, 1 with different results.');
});

test('ids that were done twice, and results under another id, are named in the verdict too', async () => {
  const world = new FakeWorld(2);
  for (const offset of [0, 1]) {
    world.record(offset, 'same');
    world.result(offset, 'completed', offset === 1 ? { id: 'another' } : {});
  }
  const report = await world.audit({ jobIdsOnce: true });
  const text = formatReport(report, { stdout: { write: () => undefined }, env: {} });
  expect(text).toContain('partition 0 offset 1  job same  and partition 0 offset 0');
  expect(text.split('\n').at(-1)).toBe(
    'NOT GOOD: 0 lost, 0 with different results, 1 with results under another id, 1 job ids done twice.',
  );
});

test('with nothing wrong it says so', async () => {
  const world = new FakeWorld(1);
  world.record(0, 'job-0');
  world.result(0);
  const text = await table(world);
  expect(text.split('\n').at(-1)).toBe('Nothing is lost, and no job has different results.');
});

test('ids that records give are text only, and widen no row', async () => {
  const world = new FakeWorld(2);
  world.record(0, `a\u001b[2J\nb${'x'.repeat(100_000)}`);
  world.record(1, 'c\u009b31m');
  world.committed = 2;
  const report = await world.audit();
  const duplicateLlmCalls = [{ jobId: 'd\u001b[2J', calls: 2, accountedFor: 1 }];
  const examples = { ...report.examples, duplicateLlmCalls };
  const text = formatReport({ ...report, examples }, { stdout: { write: () => undefined }, env: {} });
  expect(text).not.toMatch(/[\u001b\u009b]/);
  expect(text).toContain('job a\\u001b[2J\\nbxxx');
  expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThan(400);
});

test('what was deleted before it was read is bad, also when nothing else is there', async () => {
  for (const count of [1, 0]) {
    const world = new FakeWorld(count);
    if (count > 0) {
      world.record(0, 'job-0');
      world.result(0);
    }
    world.deletedUnread = [{ partition: 3, from: 100, to: 500 }];
    expect(await world.audit()).toMatchObject({ ok: false, deletedUnread: world.deletedUnread });
    expect((await table(world)).split('\n').at(-1)).toBe(
      'NOT GOOD: 0 lost, 0 with different results, 400 offsets deleted before they were read.',
    );
  }
});

test('an audit of nothing says so first and last, and never that nothing is lost', async () => {
  const lines = (await table(new FakeWorld(0))).split('\n');
  expect(lines[0]).toBe('No record was looked at, so nothing is known.');
  expect(lines.at(-1)).toBe('No record was looked at, so nothing is known.');
});

test('what nobody counts is not called zero: ids without a ledger, calls a simulator has forgotten', async () => {
  const world = new FakeWorld(1);
  world.record(0, 'job-0');
  world.result(0);
  const report = await world.audit({ readLlmCalls: async () => new Map() });
  const text = formatReport(report, { stdout: { write: () => undefined }, env: {} });
  expect(text).toMatch(/^job ids done twice +not counted$/m);
  expect(text).toMatch(/^duplicate LLM calls +not counted +1 made before the simulator was started$/m);
});
