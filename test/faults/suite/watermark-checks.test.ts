import { WatermarkChecks, type SeenRecord } from './watermark-checks';

const PATIENCE_MS = 100;
const record = (offset: number, timestamp = 1_000): SeenRecord => ({ partition: 0, offset, timestamp });

let checks: WatermarkChecks;
let clock: number;

beforeEach(() => {
  checks = new WatermarkChecks(() => 5_000);
  clock = 0;
});

function read(...records: SeenRecord[]): void {
  for (const one of records) checks.record(one);
  checks.readTo(0, Math.max(...records.map(({ offset }) => offset)) + 1);
}

/** What is a violation once patience is over. */
function violations(): string[] {
  clock += PATIENCE_MS + 1;
  for (const pending of checks.expired(clock, PATIENCE_MS)) checks.fail(pending);
  return checks.violations.map(({ offset, why }) => `${offset}: ${why}`);
}

test('records in workflows and dead letters are verified, whatever is heard of first', () => {
  checks.inWorkflow(record(0), 1_500, 'w0');
  checks.committed(0, 3, 2_000);
  read(record(0), record(1), record(2));
  checks.deadLetter(0, 1, 1_900);
  expect(checks.pending().map(({ offset }) => offset)).toEqual([2]);
  checks.inWorkflow(record(2), 2_000, 'w2');
  expect(violations()).toEqual([]);
  expect(checks.verified).toBe(3);
  expect(checks.unread(false)).toBe(0);
});

test('a committed record of which nothing is known is a violation, once patience is over and once only', () => {
  read(record(0), record(1));
  checks.committed(0, 1, 2_000);
  expect(checks.expired(PATIENCE_MS, PATIENCE_MS)).toEqual([]);
  const expected = [
    '0: committed at 1970-01-01T00:00:02.000Z, and it is neither in a workflow nor a dead letter',
  ];
  expect(violations()).toEqual(expected);
  checks.committed(0, 1, 2_500);
  expect(violations()).toEqual(expected);
});

test.each([
  ['in a workflow', () => checks.inWorkflow(record(0), 2_006, 'w0')],
  ['a dead letter', () => checks.deadLetter(0, 0, 2_006)],
])('a record that is %s only after the commit is a violation', (_, becomes) => {
  read(record(0));
  checks.committed(0, 1, 2_000);
  becomes();
  expect(violations()).toEqual([expect.stringContaining('6 ms before')]);
});

test('the first commit that passes a record counts, not a later one', () => {
  read(record(0));
  checks.committed(0, 1, 2_000);
  checks.committed(0, 1, 3_000);
  checks.inWorkflow(record(0), 2_500, 'w0');
  expect(violations()).toHaveLength(1);
});

test('offsets may go back, and gaps have no records', () => {
  read(record(0), record(4));
  for (const offset of [0, 4]) checks.inWorkflow(record(offset), 1_500, 'w');
  checks.committed(0, 5, 2_000);
  checks.committed(0, 0, 3_000);
  checks.committed(0, 5, 4_000);
  expect(violations()).toEqual([]);
  expect(checks.verified).toBe(2);
});

test('what is committed and not read yet is not taken for verified', () => {
  read(record(0));
  checks.inWorkflow(record(0), 1_500, 'w0');
  checks.committed(0, 3, 2_000);
  expect(checks.unread(false)).toBe(2);
  checks.record(record(2));
  checks.readTo(0, 3);
  expect(checks.unread(false)).toBe(0);
  expect(violations()).toHaveLength(1);
});

test('after a topic was made anew neither workflows nor dead letters nor commits of the old one count', () => {
  read(record(0), record(1));
  checks.inWorkflow(record(0), 1_500, 'old');
  checks.deadLetter(0, 1, 1_500);
  checks.committed(0, 2, 2_000);
  checks.topicMadeAnew(true);
  // A commit of the old topic that comes to light only now.
  checks.committed(0, 2, 2_100);
  read(record(0, 9_000), record(1, 9_000));
  expect(violations()).toEqual([]);
  checks.committed(0, 2, 9_500);
  expect(violations().map((text) => text.slice(0, 2))).toEqual(['0:', '1:']);
});

test('what was not looked at when the topic went stays unread', () => {
  read(record(0));
  checks.inWorkflow(record(0), 1_500, 'old');
  checks.committed(0, 3, 2_000);
  checks.topicMadeAnew(false);
  read(record(0, 9_000));
  checks.inWorkflow(record(0, 9_000), 9_100, 'new');
  checks.committed(0, 1, 9_500);
  expect(violations()).toEqual([]);
  expect([checks.verified, checks.unread(true)]).toEqual([2, 2]);
});

test('where the pack of a record may begin is known after its topic was made anew, too', () => {
  read(record(0), record(1));
  checks.committed(0, 2, 2_000);
  checks.topicMadeAnew(true);
  read(record(0, 9_000), record(1, 9_000));
  expect(checks.recordsBefore(record(1), 9)).toEqual([record(1), record(0)]);
  expect(checks.recordsBefore(record(1, 9_000), 9)).toEqual([record(1, 9_000), record(0, 9_000)]);
});

test('a duplicate is safe when a workflow has another record with its job id, even a later one', () => {
  read({ ...record(0), jobId: 'one' }, { ...record(1), jobId: 'two' });
  checks.committed(0, 2, 2_000);
  checks.inWorkflow({ partition: 3, offset: 7, timestamp: 1_200, jobId: 'one' }, 2_900, 'w');
  expect(violations()).toEqual([expect.stringMatching(/^1:/)]);
});

test.each([
  ['its own pack', [record(0)]],
  // Both of a job id in packs: neither was left out as a duplicate.
  ['both packs of that job id', [{ ...record(0), offset: 5 }, record(0)]],
  ['both packs of that job id, the other way round', [record(0), { ...record(0), offset: 5 }]],
])('a record with a job id is no duplicate of itself: %s after the commit', (_, held) => {
  read({ ...record(0), jobId: 'one' });
  checks.committed(0, 1, 2_000);
  for (const job of held) checks.inWorkflow({ ...job, jobId: 'one' }, 32_000, `w${job.offset}`);
  expect(violations()).toEqual([
    expect.stringMatching(/^0: committed at .*, 30000 ms before workflow w0 started$/),
  ]);
  expect(checks.verified).toBe(0);
});
