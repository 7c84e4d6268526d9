import { createJobIdLedger, sourceText } from '../../bridge/job-id-ledger';
import { createSubmit } from '../../bridge/jobs/submit';
import { checkLedger } from '../../bridge/open-job-id-ledger';
import { jobLimits } from '../../contracts/limits';
import type { PackJob } from '../../contracts/pack';
import { pipelineNamed } from '../../pipelines/registry';
import { startTestDatabase, type TestDatabase } from '../pipelines/company-brief/pglite';

let database: TestDatabase;

beforeAll(async () => {
  database = await startTestDatabase();
}, 60_000); // seconds of CPU, on a machine that may have others to serve
beforeEach(() => database.exec('delete from headway_job_ids'));
afterAll(() => database?.close());

/** A job from a record, by its id and its offset. */
function job(id: string, offset: number, { partition = 0, timestamp = 1_000, topic = 'q' } = {}): PackJob {
  const source = { door: 'kafka', topic, partition, offset: String(offset), timestamp } as const;
  return { id, pipeline: 'company-brief', input: {}, source };
}

const claim = async (...jobs: PackJob[]) => {
  const { own, duplicates } = await createJobIdLedger(database).claim(jobs);
  return {
    own: own.map(({ source }) => sourceText(source)),
    duplicates: duplicates.map(({ job: { source }, first }) => `${sourceText(source)} after ${first}`),
  };
};

describe('a claim', () => {
  it('of new ids is granted, in the order the jobs have', async () => {
    await expect(claim(job('b', 0), job('a', 1), job('ä 😀', 2))).resolves.toEqual({
      own: ['q:0:0:1000', 'q:0:1:1000', 'q:0:2:1000'],
      duplicates: [],
    });
  });

  it('made again after a crash is our own, however the jobs are cut', async () => {
    await claim(job('a', 0), job('b', 1), job('c', 2));
    await expect(claim(job('b', 1), job('c', 2), job('d', 3))).resolves.toMatchObject({ duplicates: [] });
    await expect(claim(job('a', 0))).resolves.toMatchObject({ duplicates: [] });
  });

  it('over HTTP is our own when it is made again after a start that failed, and a record stays behind it', async () => {
    let starts = 0;
    const startPack = () =>
      starts++ === 0
        ? Promise.reject(new Error('the start failed'))
        : Promise.resolve({ kind: 'started', runId: 'r' } as const);
    const submit = createSubmit({
      client: { withDeadline: (_until: number, request: () => Promise<unknown>) => request() } as never,
      rules: { pipelineNamed, queueTopic: 'q', limits: jobLimits(false) },
      startPack,
      ledger: createJobIdLedger(database),
    });
    const input = { company: 'Vantorp Steel', domain: 'vantorp.example', question: 'Who?' };
    const request = { id: 'a', pipeline: 'company-brief', input };
    let now = 1_000;
    const clock = jest.spyOn(Date, 'now').mockImplementation(() => now++);
    try {
      await expect(submit(request, undefined, {})).rejects.toThrow('the start failed');
      await expect(submit(request, undefined, {})).resolves.toMatchObject({ runId: 'r' });
    } finally {
      clock.mockRestore();
    }
    await expect(claim(job('a', 0))).resolves.toMatchObject({ duplicates: ['q:0:0:1000 after http'] });
  });

  it('of another record is a duplicate, and says which record was the first', async () => {
    await claim(job('a', 0), job('b', 1));
    await expect(claim(job('a', 7), job('c', 8), job('b', 3, { partition: 2 }))).resolves.toEqual({
      own: ['q:0:8:1000'],
      duplicates: ['q:0:7:1000 after q:0:0:1000', 'q:2:3:1000 after q:0:1:1000'],
    });
  });

  it('of an id twice in one pack belongs to the first of them, also when it is made again', async () => {
    const expected = { own: ['q:0:4:1000'], duplicates: ['q:0:5:1000 after q:0:4:1000'] };
    await expect(claim(job('a', 4), job('a', 5))).resolves.toEqual(expected);
    await expect(claim(job('a', 4), job('a', 5))).resolves.toEqual(expected);
  });

  it('stays with the record that had it, when an earlier one is read later: the group was reset', async () => {
    await claim(job('a', 9));
    const expected = { own: ['q:0:9:1000'], duplicates: ['q:0:2:1000 after q:0:9:1000'] };
    await expect(claim(job('a', 2), job('a', 9))).resolves.toEqual(expected);
  });

  it('knows an id again when the topic was made anew, and takes nothing else for known', async () => {
    await claim(job('a', 0));
    await expect(claim(job('a', 0, { timestamp: 2_000 }))).resolves.toMatchObject({ own: [] });
    await expect(claim(job('b', 0, { timestamp: 2_000 }))).resolves.toMatchObject({ duplicates: [] });
  });

  it('tells the tenants of an id not apart: results are keyed by the id alone', async () => {
    await claim({ ...job('a', 0), tenant: 'one' });
    await expect(claim({ ...job('a', 1), tenant: 'two' })).resolves.toMatchObject({ own: [] });
  });

  it('of an id that is pruned between its two statements is made once more', async () => {
    await claim(job('a', 0));
    let pruned = false;
    const query: TestDatabase['query'] = async (sql, parameters) => {
      if (!pruned && sql.startsWith('select')) {
        pruned = true;
        await database.exec('delete from headway_job_ids');
      }
      return database.query(sql, parameters);
    };
    const { own } = await createJobIdLedger({ query }).claim([job('a', 1), job('b', 2)]);
    expect([pruned, own.length]).toEqual([true, 2]);
    await expect(claim(job('a', 0))).resolves.toMatchObject({ own: [] });
  });

  it('offers its ids in one order, whatever order the jobs have: two bridges cannot block each other', async () => {
    const offered: unknown[] = [];
    const query: TestDatabase['query'] = (sql, parameters) => {
      offered.push(parameters?.[0]);
      return database.query(sql, parameters);
    };
    await createJobIdLedger({ query }).claim([job('c', 0), job('a', 1), job('b', 2)]);
    expect(offered).toEqual([['a', 'b', 'c']]);
  });
});

it('says whose ids are, and claims none', async () => {
  await claim(job('a', 0), job('b', 1));
  const holders = await createJobIdLedger(database).holders(['b', 'c']);
  expect([...holders]).toEqual([['b', 'q:0:1:1000']]);
  await expect(claim(job('c', 7))).resolves.toMatchObject({ own: ['q:0:7:1000'] });
});

it('tells whether ids can be claimed, and claims none', async () => {
  const { probe } = createJobIdLedger(database);
  await expect(probe()).resolves.toBeUndefined();
  await database.exec('set default_transaction_read_only = on');
  try {
    await expect(probe()).rejects.toThrow(/read-only/);
  } finally {
    await database.exec('set default_transaction_read_only = off');
  }
  await expect(database.query('select * from headway_job_ids')).resolves.toEqual([]);
});

describe('pruning', () => {
  it('forgets what is older, a batch at a time, and nothing else', async () => {
    await claim(...Array.from({ length: 5 }, (_, offset) => job(`old-${offset}`, offset)));
    await database.exec(`update headway_job_ids set claimed_at = now() - interval '2 hours'`);
    await claim(job('new', 9));
    const { prune } = createJobIdLedger(database);
    const hour = 60 * 60 * 1_000;
    expect([await prune(hour, 3), await prune(hour, 3), await prune(hour, 3)]).toEqual([3, 2, 0]);
    await expect(claim(job('new', 10))).resolves.toMatchObject({ own: [] });
    await expect(claim(job('old-0', 10))).resolves.toMatchObject({ duplicates: [] });
  });
});

describe('the check at the start', () => {
  it('accepts the table that the migration makes', async () => {
    await expect(checkLedger(database)).resolves.toBeUndefined();
  });

  it('says which file makes the table, when there is none', async () => {
    await database.exec('alter table headway_job_ids rename to elsewhere');
    await expect(checkLedger(database)).rejects.toThrow(/DATABASE_URL .*002_job_ids\.sql/);
    await database.exec('alter table elsewhere rename to headway_job_ids');
  });

  it('names the rights that are missing', async () => {
    await database.exec('create role reader; grant select on headway_job_ids to reader; set role reader');
    await expect(checkLedger(database)).rejects.toThrow('the right to insert, update, delete on');
    await database.exec('reset role');
  });
});
