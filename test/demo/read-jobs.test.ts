import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isJob, type DemoRecord } from '../../demo/demo-records';
import { planJobs } from '../../demo/read-jobs';

const examples = { defaultJobs: 600, simulated: true };
const directive = /\[\[simulate/;

function ids(records: DemoRecord[]): (string | undefined)[] {
  return records.map((record) => (isJob(record) ? record.jobId : undefined));
}

async function planned(options: Partial<Parameters<typeof planJobs>[0]>) {
  const plan = await planJobs({ ...examples, ...options });
  return { ...plan, all: [...plan.oneByOne, ...plan.atOnce] };
}

describe('the examples', () => {
  it.each([1, 2, 3, 30, 600, 1500])(
    'give %i jobs with ids of their own, and one record besides',
    async (jobs) => {
      const { all } = await planned({ jobs });
      expect(all.filter(isJob)).toHaveLength(jobs);
      expect(all.filter((record) => !isJob(record))).toHaveLength(1);
      expect(new Set(ids(all)).size).toBe(jobs + 1);
    },
  );

  it('begin with five ordinary jobs; the three special records lead the rest', async () => {
    const { oneByOne, atOnce } = await planned({});
    expect(ids(oneByOne)).toEqual(['brief-0001', 'brief-0002', 'brief-0003', 'brief-0004', 'brief-0005']);
    expect(ids(atOnce.slice(0, 4))).toEqual(['brief-slow', 'brief-refused', undefined, 'brief-0006']);
  });

  it('carry the new id of a repeated job in its record', async () => {
    const last = (await planned({ jobs: 700 })).all.at(-1)!;
    expect(isJob(last) && last.jobId).toMatch(/^brief-\d+-2$/);
    expect(JSON.parse(last.value.toString())).toMatchObject({
      id: ids([last])[0],
      pipeline: 'company-brief',
    });
  });

  it('ask a real model for nothing that only the simulator understands', async () => {
    const { all } = await planned({ simulated: false, defaultJobs: 10 });
    expect(all.filter((record) => directive.test(record.value.toString()))).toEqual([]);
    expect(all.filter(isJob)).toHaveLength(10);
  });
});

describe('a file of one’s own', () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'headway-demo-'))));
  afterEach(() => rm(folder, { recursive: true }));

  const job = (fields: object = {}, input: object = {}) =>
    JSON.stringify({
      id: 'a',
      pipeline: 'company-brief',
      input: { company: 'A', domain: 'a.example', question: 'Why?', ...input },
      ...fields,
    });

  async function planFile(text: string | Buffer, jobs?: number) {
    const input = join(folder, 'mine.jsonl');
    await writeFile(input, text);
    return planned({ input, jobs });
  }

  it.each([
    ['is not JSON', 'not a job', /not valid JSON/],
    ['names no installed pipeline', job({ pipeline: 'other' }), /"other" is not installed/],
    ['has input its pipeline refuses', job({}, { domain: 'no host' }), /input\.domain/],
    ['has a field nobody knows', job({ urgent: true }), /urgent/],
    ['has an id with a line break', job({ id: 'a\nb' }), /id/],
    ['is not an object', '[]', /./],
    ['is not UTF-8', Buffer.from(job({}, { question: '\xff' }), 'latin1'), /encoded data was not valid/],
  ])('expects a dead letter for a line that %s', async (_, line, problem) => {
    const { all } = await planFile(Buffer.concat([Buffer.from(`${job()}\n`), Buffer.from(line)]));
    expect(ids(all)).toEqual(['a', undefined]);
    expect(all[1]).toMatchObject({ value: Buffer.from(line), origin: 'mine.jsonl, line 2' });
    expect((all[1] as { problem: string }).problem).toMatch(problem);
  });

  it('is sent whole, line by line, blank ones and line ends of Windows left out', async () => {
    const lines = ['a', 'b', 'c', 'd', 'e', 'f'].map((id) => job({ id }));
    const { oneByOne, atOnce } = await planFile(`${lines.join('\r\n')}\r\n\n`);
    expect(ids(oneByOne)).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(ids(atOnce)).toEqual(['f']);
    expect(atOnce[0]!.value.toString()).toBe(lines[5]);
  });

  it('gets an id for each job without one, since its result is found by it', async () => {
    const { all } = await planFile(`${job({ id: undefined })}\n${job()}\n`);
    expect(ids(all)).toEqual(['line-1', 'a']);
    expect(JSON.parse(all[0]!.value.toString())).toMatchObject({ id: 'line-1' });
  });

  it('is cut short or repeated to the number of jobs; what is not a job is sent once', async () => {
    const text = `${job()}\nnot a job\n${job({ id: 'b' })}\n`;
    expect(ids((await planFile(text, 1)).all)).toEqual(['a', undefined]);
    expect(ids((await planFile(text, 5)).all)).toEqual(['a', undefined, 'b', 'a-2', 'b-2', 'a-3']);
  });

  it.each([
    [
      'the same id twice',
      `${job()}\n${job()}\n`,
      'mine.jsonl, line 1 and mine.jsonl, line 2 have the same id: a.',
    ],
    ['nothing in it', '\n\n', 'has no lines.'],
    ['a line too large for Kafka', job({}, { question: 'x'.repeat(950_000) }), 'at most 900000 can be sent'],
  ])('is refused with %s', async (_, text, sentence) => {
    await expect(planFile(text)).rejects.toThrow(sentence);
  });

  it('is named when it cannot be read', async () => {
    const input = join(folder, 'missing.jsonl');
    await expect(planned({ input })).rejects.toThrow(
      /missing\.jsonl cannot be read: there is no such file\.$/,
    );
  });
});
