import type { JobResult } from '../../contracts/job-result';
import type { DemoRecord } from '../../demo/demo-records';
import { Tally } from '../../demo/tally';
import { judge } from '../../demo/verdict';

const value = Buffer.from('');

function result(id: string, fields: Partial<JobResult> = {}): Buffer {
  const timings = { receivedAt: '', startedAt: '', completedAt: '', queuedMs: 1, llmMs: 2, totalMs: 3 };
  const usage = { inputTokens: 1, outputTokens: 1, webSearches: 0, llmCalls: 1 };
  const whole: JobResult = {
    id,
    pipeline: 'company-brief',
    status: 'completed',
    usage,
    timings,
    source: { door: 'kafka', topic: 'x-jobs-queue', partition: 0, offset: '7', timestamp: 1 },
    workflow: { id: 'w', runId: 'r' },
    ...fields,
  };
  return Buffer.from(JSON.stringify(whole));
}

/** Two jobs, a and b, and one record that is not a job. */
function sent(): Map<string, DemoRecord> {
  return new Map<string, DemoRecord>([
    ['run:0', { value, jobId: 'a', origin: 'x.jsonl, line 1' }],
    ['run:1', { value, jobId: 'b', origin: 'x.jsonl, line 2' }],
    ['run:2', { value, problem: 'not JSON', origin: 'x.jsonl, line 3' }],
  ]);
}

let tally: Tally;
beforeEach(() => {
  tally = new Tally(new Set(['a', 'b']), new Map([[0, 5n]]));
  tally.takeResult('a', result('a'));
  tally.takeDeadLetter('run:2');
});

function verdict() {
  return judge({ sent: sent(), results: tally.results, deadLetters: tally.deadLetters });
}

describe('the verdict', () => {
  it('is good when every job has one result and the other record is a dead letter', () => {
    tally.takeResult('b', result('b', { status: 'failed' }));
    expect(verdict()).toEqual({ ok: true, lost: [], duplicated: [], contradictory: [], sentences: [] });
    expect(tally).toMatchObject({ completed: 1, failed: 1, finished: 3 });
  });

  it('names a job that has no result', () => {
    expect(verdict()).toMatchObject({ ok: false, lost: ['b'] });
    expect(verdict().sentences).toEqual(['Lost, without any result (1): b.']);
  });

  it('names a job with two results that differ', () => {
    tally.takeResult('b', result('b'));
    tally.takeResult('b', result('b', { status: 'failed' }));
    expect(verdict()).toMatchObject({ ok: false, duplicated: ['b'], contradictory: ['b'] });
    expect(verdict().sentences).toEqual(['Duplicated, with results that differ (1): b.']);
  });

  it('reports, and forgives, the same bytes twice: a crash after publishing may cause that', () => {
    tally.takeResult('b', result('b'));
    tally.takeResult('b', result('b'));
    expect(verdict()).toMatchObject({ ok: true, duplicated: ['b'], contradictory: [] });
    expect(tally.completed).toBe(2);
  });

  it('names a record that should be a dead letter and is none', () => {
    tally.takeResult('b', result('b'));
    tally.deadLetters.clear();
    expect(verdict().sentences).toEqual([
      'Not a job, but not in the dead-letter topic (1): x.jsonl, line 3.',
    ]);
  });

  it('names a job that ended as a dead letter', () => {
    tally.takeDeadLetter('run:1');
    expect(verdict()).toMatchObject({ ok: false, lost: ['b'] });
    expect(verdict().sentences).toContain('A job by its schemas, but in the dead-letter topic (1): b.');
  });

  it('names a record on the results topic that is no result', () => {
    tally.takeResult('b', Buffer.from('{"id":"b"}'));
    expect(verdict().sentences).toEqual(['A record on the results topic that is not a result (1): b.']);
  });

  it('lists the first twenty ids and says how many more there are', () => {
    const many = Array.from({ length: 25 }, (_, n): [string, DemoRecord] => [
      `run:${n}`,
      { value, jobId: `j${n}`, origin: '' },
    ]);
    const { sentences } = judge({ sent: new Map(many), results: new Map(), deadLetters: new Set() });
    expect(sentences[0]).toMatch(/^Lost, without any result \(25\): j0, .*j19 and 5 more\.$/);
  });
});

describe('the tally', () => {
  it('leaves out results of others, and those of records from before the demo', () => {
    const source = { door: 'kafka', topic: 'x-jobs-queue', partition: 0, offset: '4', timestamp: 1 } as const;
    expect(tally.takeResult('other', result('other'))).toBeUndefined();
    expect(tally.takeResult('b', result('b', { source }))).toBeUndefined();
    expect([...tally.results.keys()]).toEqual(['a']);
  });

  it('tells the first result of a job from those after it', () => {
    expect(tally.takeResult('b', result('b'))).toMatchObject({ id: 'b' });
    expect(tally.takeResult('b', result('b'))).toBeUndefined();
  });
});
