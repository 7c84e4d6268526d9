import { readRecord } from '../../../bridge/kafka/read-record';
import { cutPack, type PackCut, type PackLimits } from '../../../bridge/kafka/cut-pack';
import type { QueueRecord } from '../../../bridge/kafka/queue-record';
import { packWorkflowId } from '../../../contracts/ids';
import type { PackJob } from '../../../contracts/pack';
import { createRandom, queueRecord, readSimply } from './support';

const limits: PackLimits = { maxJobs: 50, maxBytes: 524_288 };
const jobs = (count: number, value = 'job') =>
  Array.from({ length: count }, (_, offset) => queueRecord(offset, { value }));
const offsetsOf = (cut: PackCut) =>
  cut.jobs.map(({ source }) => (source.door === 'kafka' ? Number(source.offset) : -1));
const withPoison = (count: number, ...poison: number[]) =>
  jobs(count).map((record) =>
    poison.includes(Number(record.offset)) ? queueRecord(record.offset, { value: 'poison' }) : record,
  );
const withId = (id: (record: QueueRecord) => string) => (record: QueueRecord) => ({
  ...readSimply(record),
  id: id(record),
});

describe('cutPack', () => {
  it('takes all records that are there, and waits for no more', () => {
    const cut = cutPack(jobs(3), limits, readSimply);
    expect(offsetsOf(cut)).toEqual([0, 1, 2]);
    expect(cut).toMatchObject({ lastOffset: 2n, poison: [] });
  });

  it('takes at most maxJobs', () => {
    expect(offsetsOf(cutPack(jobs(51), limits, readSimply))).toHaveLength(50);
    expect(cutPack(jobs(51), limits, readSimply).lastOffset).toBe(49n);
    expect(cutPack(jobs(51), { ...limits, maxJobs: 1 }, readSimply).lastOffset).toBe(0n);
  });

  it('takes at most maxBytes', () => {
    const records = jobs(5, 'x'.repeat(1_000));
    const cut = cutPack(records, { ...limits, maxBytes: 3_000 }, readSimply);
    expect(cut.jobs.length).toBeGreaterThan(0);
    expect(cut.jobs.length).toBeLessThanOrEqual(3);
    expect(cut.lastOffset).toBe(BigInt(cut.jobs.length - 1));
  });

  it('takes a job alone that is too large for any pack', () => {
    const fat = queueRecord(0, { value: 'x'.repeat(5_000) });
    const cut = cutPack([fat, queueRecord(1)], { ...limits, maxBytes: 3_000 }, readSimply);
    expect(offsetsOf(cut)).toEqual([0]);
    expect(cut.lastOffset).toBe(0n);
    const behind = [queueRecord(0), queueRecord(1, { value: fat.value }), queueRecord(2)];
    expect(offsetsOf(cutPack(behind, { ...limits, maxBytes: 3_000 }, readSimply))).toEqual([0]);
  });

  it('skips offsets that the topic does not have, such as those of compacted or transactional records', () => {
    const cut = cutPack([queueRecord(5), queueRecord(9), queueRecord(10)], limits, readSimply);
    expect(offsetsOf(cut)).toEqual([5, 9, 10]);
    expect(cut.lastOffset).toBe(10n);
  });

  it('says whether others could still be in it', () => {
    const isFull = (count: number, more: Partial<PackLimits> = {}) =>
      cutPack(jobs(count), { ...limits, ...more }, readSimply).isFull;
    expect([isFull(49), isFull(50), isFull(51), isFull(1, { maxJobs: 1 })]).toEqual([
      false,
      true,
      true,
      true,
    ]);
    expect([isFull(2, { maxBytes: 10 }), isFull(1, { maxBytes: 10 })]).toEqual([true, true]);
    expect(isFull(1, { maxBytes: 1_000 })).toBe(false);
    const longIds = withId(({ offset }) => `${offset}`.padEnd(200, '-'));
    expect(cutPack(jobs(20), limits, longIds).isFull).toBe(true);
  });

  it('refuses to cut nothing', () => {
    expect(() => cutPack([], limits, readSimply)).toThrow('at least one record');
  });
});

describe('the search attributes of a pack', () => {
  const keywordList = (values: string[]) => Buffer.byteLength(JSON.stringify([...new Set(values)]));
  const longest = 2_048;
  const read =
    (more: (at: number) => Partial<PackJob>) =>
    (record: QueueRecord): PackJob => ({ ...readSimply(record), ...more(Number(record.offset)) });

  it('have room for 50 jobs whose ids are UUIDs', () => {
    const uuid = (at: number) => `0198c5a0-7b1e-7000-8000-${String(at).padStart(12, '0')}`;
    const cut = cutPack(
      jobs(50),
      limits,
      read((at) => ({ id: uuid(at) })),
    );
    expect(cut.jobs).toHaveLength(50);
    expect(keywordList(cut.jobs.map((job) => job.id))).toBeLessThanOrEqual(longest);
  });

  it.each<[string, (at: number) => Partial<PackJob>]>([
    ['long ids', (at) => ({ id: `${at}-`.padEnd(200, 'x') })],
    ['ids of four bytes a character', (at) => ({ id: `${at}${'🚀'.repeat(40)}` })],
    ['ids that JSON makes longer', (at) => ({ id: `${at}${'"'.repeat(190)}` })],
    ['many long tenants', (at) => ({ id: String(at), tenant: `${at}-`.padEnd(64, 't') })],
    ['many long pipelines', (at) => ({ id: String(at), pipeline: `p${at}-`.padEnd(64, 'p') })],
  ])('never outgrow what the server takes, with %s', (_, more) => {
    const cut = cutPack(jobs(50), limits, read(more));
    expect(cut.jobs.length).toBeGreaterThan(1);
    expect(cut.jobs.length).toBeLessThan(50);
    for (const values of [
      cut.jobs.map((job) => job.id),
      cut.jobs.map((job) => job.pipeline),
      cut.jobs.flatMap((job) => job.tenant ?? []),
    ]) {
      expect(keywordList(values)).toBeLessThanOrEqual(longest);
    }
  });

  it('count the same tenant once', () => {
    const cut = cutPack(
      jobs(50),
      limits,
      read((at) => ({ id: String(at), tenant: 't'.repeat(64) })),
    );
    expect(cut.jobs).toHaveLength(50);
  });

  it('let two records with the same id share a pack', () => {
    expect(
      cutPack(
        jobs(50),
        limits,
        withId(() => 'same'.repeat(50)),
      ).jobs,
    ).toHaveLength(50);
  });
});

describe('poison', () => {
  const poisonOf = (cut: PackCut) => cut.poison.map(({ record }) => Number(record.offset));

  it('at the front is covered by the pack, which is named by its first job', () => {
    const cut = cutPack(withPoison(4, 0, 1), limits, readSimply);
    expect([offsetsOf(cut), poisonOf(cut)]).toEqual([
      [2, 3],
      [0, 1],
    ]);
    expect(cut.lastOffset).toBe(3n);
  });

  it('in the middle is covered without being in the pack, and does not count against its limits', () => {
    const cut = cutPack(withPoison(5, 1, 2), { ...limits, maxJobs: 3 }, readSimply);
    expect([offsetsOf(cut), poisonOf(cut)]).toEqual([
      [0, 3, 4],
      [1, 2],
    ]);
  });

  it('at the end is covered', () => {
    const cut = cutPack(withPoison(4, 2, 3), limits, readSimply);
    expect([offsetsOf(cut), poisonOf(cut)]).toEqual([
      [0, 1],
      [2, 3],
    ]);
    expect(cut.lastOffset).toBe(3n);
  });

  it('behind the last job that fits is left to the next pack, unread', () => {
    const read = jest.fn(readSimply);
    const cut = cutPack(withPoison(4, 1), { ...limits, maxJobs: 1 }, read);
    expect([offsetsOf(cut), poisonOf(cut), cut.lastOffset]).toEqual([[0], [], 0n]);
    expect(read).toHaveBeenCalledTimes(1);
  });

  it('alone makes no pack', () => {
    const cut = cutPack(withPoison(2, 0, 1), limits, readSimply);
    expect(cut).toMatchObject({ jobs: [], lastOffset: 1n });
    expect(poisonOf(cut)).toEqual([0, 1]);
  });

  it('keeps the code and the sentence of its error', () => {
    const [poison] = cutPack(withPoison(1, 0), limits, readSimply).poison;
    expect(poison?.error).toMatchObject({ code: 'HW_JOB_INVALID', message: 'input: is poison' });
  });

  it('is also a record that breaks the code which reads it', () => {
    const cut = cutPack(jobs(2), limits, (record) => {
      if (record.offset === 0n) throw new RangeError('Maximum call stack size exceeded');
      return readSimply(record);
    });
    expect(offsetsOf(cut)).toEqual([1]);
    expect(cut.poison[0]?.error).toMatchObject({
      code: 'HW_JOB_INVALID',
      message: 'Maximum call stack size exceeded',
    });
  });
});

describe('a sequence of cuts', () => {
  it.each(Array.from({ length: 60 }, (_, seed) => seed))(
    'has every record exactly once, in order, whatever the limits (seed %i)',
    (seed) => {
      const random = createRandom(seed);
      let offset = random.between(0, 1_000);
      const records = Array.from({ length: random.between(1, 150) }, () => {
        offset += random.chance(0.1) ? random.between(2, 9) : 1;
        const value = random.chance(0.2) ? 'poison' : 'x'.repeat(random.between(0, 900));
        return queueRecord(offset, { value });
      });
      const read = withId((record) => `${record.offset}`.padEnd(random.between(1, 200), '-'));
      const some = { maxJobs: random.between(1, 60), maxBytes: random.between(1, 8_000) };

      const seen: number[] = [];
      const packs = new Set<string>();
      let rest = records;
      while (rest.length > 0) {
        const cut = cutPack(rest, some, read);
        const covered = rest.filter((record) => record.offset <= cut.lastOffset);
        const held = [...offsetsOf(cut), ...cut.poison.map(({ record }) => Number(record.offset))];
        expect(held.sort((a, b) => a - b)).toEqual(covered.map((record) => Number(record.offset)));
        expect(offsetsOf(cut)).toEqual([...offsetsOf(cut)].sort((a, b) => a - b));
        expect(cut.jobs.length).toBeLessThanOrEqual(some.maxJobs);
        seen.push(...held);
        const source = cut.jobs[0]?.source;
        if (source?.door === 'kafka') packs.add(packWorkflowId(source));
        rest = rest.slice(covered.length);
      }
      expect(seen).toEqual(records.map((record) => Number(record.offset)));
    },
  );
});

describe('the size of a pack as a workflow carries it', () => {
  const payloadLimit = 2 * 1024 * 1024;
  const pipelineNamed = () =>
    ({
      request: { safeParse: (data: unknown) => ({ success: true, data }) },
    }) as never;
  const packOf = (records: QueueRecord[]) =>
    cutPack(records, limits, (record) => readRecord(record, pipelineNamed));

  it('stays below the payload limit when JSON writes numbers longer than the record did', () => {
    const value = `{"pipeline":"p","input":{"n":[${Array(25_000).fill('1e20').join(',')}]}}`;
    const cut = packOf(Array.from({ length: 4 }, (_, offset) => queueRecord(offset, { value })));
    expect(Buffer.byteLength(JSON.stringify(cut.jobs))).toBeLessThan(payloadLimit);
  });

  it('stays below the payload limit when the headers are long', () => {
    const value = '{"pipeline":"p","input":{}}';
    const headers = { tracestate: Buffer.alloc(100_000, 'x') };
    const cut = packOf(Array.from({ length: 50 }, (_, offset) => queueRecord(offset, { value, headers })));
    expect(Buffer.byteLength(JSON.stringify(cut.jobs))).toBeLessThan(payloadLimit);
  });
});
