import { judgeChain, type ChainMaterial, type ChainPack, type ChainRecord } from './judge-chain';

const record = (
  offset: number,
  timestamp = 1_000,
  jobId = `job-${offset}`,
): ChainRecord & { jobId: string } => ({
  partition: 0,
  offset,
  timestamp,
  jobId,
});

const pack = (lastOffset: number, ...jobs: ReturnType<typeof record>[]): ChainPack => ({
  workflowId: `q-0-${jobs[0]?.offset}-${jobs[0]?.timestamp}`,
  lastOffset,
  jobs,
});

const plain = (offset: number, timestamp?: number): ChainRecord => ({
  ...record(offset, timestamp),
  jobId: undefined,
});

const judge = (material: Partial<ChainMaterial>) =>
  judgeChain({ queue: 'q', records: [], packs: [], deadLetters: [], ...material });

/** Offset 1 is a gap, 3 is poison inside a pack, 5 behind all. */
const whole: Partial<ChainMaterial> = {
  records: [0, 2, 3, 4, 5].map((offset) => plain(offset)),
  packs: [pack(0, record(0)), pack(4, record(2), record(4))],
  deadLetters: [3, 5].map((offset) => ({ partition: 0, offset, at: 1_500 })),
};

test('a chain is whole when each record is in one pack or a dead letter', () => {
  const counts = { packs: 2, records: 5, inPacks: 3, deadLettered: 2, duplicates: 0, missing: 0 };
  expect(judge(whole)).toEqual({ ...counts, problems: [] });
});

test.each<[string, Partial<ChainMaterial>]>([
  ['record 0:0:1000 is in no pack', { packs: whole.packs?.slice(1) }],
  ['record 0:3:1000 is in no pack', { deadLetters: [{ partition: 0, offset: 5, at: 1_500 }] }],
  [
    'record 0:5:1000 is in no pack',
    { deadLetters: [3, 5].map((offset) => ({ partition: 0, offset, at: 999 })) },
  ],
  [
    'record 0:4:1000 is a job in q-0-2-1000 and q-0-4-1000',
    { packs: [...(whole.packs ?? []), pack(4, record(4))] },
  ],
  [
    'q-0-0-1000 ends at 2, and q-0-2-1000 begins at 2',
    { packs: [pack(2, record(0)), pack(4, record(2), record(4))] },
  ],
  [
    'record 0:0:1000 is in a pack, and a dead letter too',
    { deadLetters: [0, 3, 5].map((offset) => ({ partition: 0, offset, at: 1_500 })) },
  ],
  ['has jobs out of order, or beyond', { packs: [pack(0, record(0)), pack(3, record(2), record(4))] }],
  ['has jobs out of order, or beyond', { packs: [pack(0, record(0)), pack(4, record(4), record(2))] }],
  ['is not named after its first job', { packs: [{ ...pack(0, record(0)), workflowId: 'q-0-9-1000' }] }],
])('a broken chain is told: %s', (sentence, change) => {
  expect(judge({ ...whole, ...change }).problems).toContainEqual(expect.stringContaining(sentence));
});

test('packs of an earlier topic hold no record of this one, and do not overlap with its packs', () => {
  const old = [pack(3, record(0, 10), record(3, 10))];
  expect(judge({ ...whole, packs: [...(whole.packs ?? []), ...old] }).problems).toEqual([]);
  const { problems } = judge({ ...whole, packs: [...old, ...(whole.packs?.slice(1) ?? [])] });
  expect(problems).toEqual(['record 0:0:1000 is in no pack, and no dead letter']);
});

test('where job ids count once, a record is a duplicate of one that is in a pack', () => {
  const records = [record(0), record(1, 1_000, 'job-0'), record(2, 1_000, 'other')];
  const { duplicates, problems } = judge({ records, packs: [pack(0, record(0))], jobIdsOnce: true });
  expect(duplicates).toBe(1);
  expect(problems).toEqual(['record 0:2:1000 is in no pack, and no dead letter']);
});

test('where job ids count once, two records with one id are not both in packs', () => {
  const records = [record(0), record(1, 1_000, 'job-0')];
  const packs = records.map((one) => pack(one.offset, one));
  expect(judge({ records, packs }).problems).toEqual([]);
  expect(judge({ records, packs, jobIdsOnce: true }).problems).toEqual([
    'records 0:0:1000 and 0:1:1000 have the job id job-0, and both are in packs',
  ]);
});
