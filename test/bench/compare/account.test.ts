import { account, type Evidence } from '../../../bench/compare/account';
import type { CallEvent } from '../../../stack/llm-simulator/event-log';

const job = (id: string, sentAt = 0) => ({ id, sentAt, poison: false, slow: false });
const poison = (id: string) => ({ ...job(id), poison: true });
const result = (id: string, at = 100, status = 'completed') => ({ id, at, status });
/** The `nth` call of a job. */
const call = (id: string, from: number, to: number, nth = 1): CallEvent[] => [
  { job: id, call: nth, what: 'accepted', at: from },
  { job: id, call: nth, what: 'completed', at: to },
];
const evidence = (seen: Partial<Evidence>): Evidence => ({
  ...{ sent: [], calls: [], results: [], deadLetters: [], held: 0, endedAt: 1_000, faultsAt: [] },
  slots: [{ at: 0, count: 2 }],
  ...seen,
});

describe('what has become of a job', () => {
  it('is lost without a result, unless the system still holds it', () => {
    const sent = ['done', 'one', 'two', 'three'].map((id) => job(id));
    const seen = { sent, results: [result('done')] };
    expect(account(evidence(seen))).toMatchObject({ jobs: 4, completed: 1, lost: 3, unfinished: 0 });
    expect(account(evidence({ ...seen, held: 2 }))).toMatchObject({ lost: 1, unfinished: 2 });
  });

  it('is never lost more often than it is missing, whatever the system says it holds', () => {
    const seen = { sent: [job('done'), job('open')], results: [result('done')], held: 7 };
    expect(account(evidence(seen))).toMatchObject({ lost: 0, unfinished: 1 });
  });

  it('is neither lost nor done as a dead letter', () => {
    const seen = { sent: [job('a')], deadLetters: ['a'] };
    expect(account(evidence(seen))).toMatchObject({ completed: 0, lost: 0, deadLettered: 1 });
  });

  it('counts as failed when its first result says so', () => {
    const seen = { sent: [job('a'), job('b')], results: [result('a', 5, 'failed'), result('b')] };
    expect(account(evidence(seen))).toMatchObject({ completed: 1, failed: 1, lost: 0 });
  });

  it('is duplicated once, however many results there are', () => {
    const results = [result('a'), result('a', 200), result('a', 300), result('b')];
    expect(account(evidence({ sent: [job('a'), job('b')], results }))).toMatchObject({ duplicated: 1 });
  });
});

it('keeps poison records apart: they are no jobs, and belong among the dead letters', () => {
  const seen = { sent: [job('a'), poison('p'), poison('q')], results: [result('a')], deadLetters: ['p'] };
  const counted = account(evidence(seen));
  expect(counted).toMatchObject({ jobs: 1, lost: 0, deadLettered: 0, poison: 2, poisonDeadLettered: 1 });
});

it('takes every call beyond one a job for wasted, the refused ones left out by the simulator', () => {
  const calls = [...call('a', 0, 5), ...call('a', 6, 9, 2), ...call('a', 10, 12, 3), ...call('b', 0, 5)];
  expect(account(evidence({ sent: [job('a'), job('b')], calls }))).toMatchObject({ wastedCalls: 2 });
});

describe('times', () => {
  it('in the queue are those until the first call begins, until the first result for the latency', () => {
    const seen = {
      sent: [job('a', 100)],
      calls: [...call('a', 400, 500, 2), ...call('a', 150, 200)],
      results: [result('a', 700), result('a', 600)],
    };
    const { queueMs, latencyMs } = account(evidence(seen));
    expect(queueMs.worst).toEqual({ ms: 50, atLeast: false });
    expect(latencyMs.worst).toEqual({ ms: 500, atLeast: false });
  });

  it('of jobs that nobody got to are lower bounds, and do not vanish', () => {
    const sent = [job('a', 0), job('b', 0), job('c', 900)];
    const { queueMs } = account(evidence({ sent, calls: [...call('a', 10, 20)], held: 2 }));
    // `c` has waited 100 ms when watching ends; it may well have waited longer than `b` in the end.
    expect(queueMs.p50).toEqual({ ms: 100, atLeast: true });
    expect(queueMs.worst).toEqual({ ms: 1_000, atLeast: true });
  });
});

it('counts jobs a second from the first record to the last result', () => {
  const sent = [job('a', 1_000), job('b', 1_500)];
  const results = [result('a', 2_000), result('b', 5_000)];
  expect(account(evidence({ sent, results, endedAt: 9_000 })).jobsPerSecond).toBeCloseTo(0.5);
});

describe('recovery', () => {
  const sent = [job('before', 0), job('after', 300), { ...job('slow', 0), slow: true }];
  const results = [result('before', 250), result('after', 900), result('slow', 800)];

  it('lasts until every ordinary job that was sent before the fault is done', () => {
    expect(account(evidence({ sent, results, faultsAt: [200] })).recoveryMs).toEqual({
      ms: 50,
      atLeast: false,
    });
  });

  it('is that of the fault it took longest after', () => {
    expect(account(evidence({ sent, results, faultsAt: [200, 400] })).recoveryMs).toEqual({
      ms: 500,
      atLeast: false,
    });
  });

  it('is not known without a fault', () => {
    expect(account(evidence({ sent, results })).recoveryMs).toBeUndefined();
  });

  it('lasts at least as long as was watched where a job that was sent before is unfinished', () => {
    const open = { sent: [...sent, job('open')], results, held: 1, faultsAt: [200, 400] };
    expect(account(evidence(open)).recoveryMs).toEqual({ ms: 800, atLeast: true });
    const later = { ...open, sent: [...sent, job('open', 300)], faultsAt: [200] };
    expect(account(evidence(later)).recoveryMs).toEqual({ ms: 50, atLeast: false });
  });

  it('does not wait for what is lost', () => {
    const lost = { sent: [...sent, job('lost')], results, faultsAt: [200] };
    expect(account(evidence(lost))).toMatchObject({ recoveryMs: { ms: 50 }, lost: 1 });
  });
});
