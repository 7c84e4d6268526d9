import type { CallEvent } from '../../stack/llm-simulator/event-log';
import { callsInFlight, slotUse, type Step } from './in-flight';
import { quantilesOf, type Quantiles, type Waited } from './quantiles';

export interface SentRecord {
  id: string;
  poison: boolean;
  slow: boolean;
  /** Just before it was sent. All times are milliseconds of one clock. */
  sentAt: number;
}

/** What was seen from outside; the contenders count nothing. */
export interface Evidence {
  sent: SentRecord[];
  calls: CallEvent[];
  results: { id: string; at: number; status: string }[];
  /** Ids of jobs and of poison records, as often as they were found. */
  deadLetters: string[];
  /** How many of the jobs without a result the system still holds. */
  held: number;
  /** When watching ended. */
  endedAt: number;
  /** Jobs at a time in all consumers that live, from when on. */
  slots: Step[];
  /** When something went wrong; for an outage, when it was over. */
  faultsAt: number[];
}

export interface Account {
  /** Records that are jobs. */
  jobs: number;
  completed: number;
  /** With a result that says failed. */
  failed: number;
  /** Jobs that were put among the dead letters, and have no result. */
  deadLettered: number;
  /** No result, no dead letter, and the system does not know them any more. */
  lost: number;
  /** No result yet, but the system still holds them. */
  unfinished: number;
  /** Jobs with more than one result. */
  duplicated: number;
  /** Calls beyond one a job. */
  wastedCalls: number;
  poison: number;
  poisonDeadLettered: number;
  /** From sent to the beginning of the first call. */
  queueMs: Quantiles;
  /** From sent to the first result. */
  latencyMs: Quantiles;
  jobsPerSecond: number;
  /** 0 to 1, while jobs waited; undefined when none did. */
  slotUse: number | undefined;
  peakInFlight: number;
  /**
   * From the fault after which it took longest: until every ordinary job that had been sent before has its result, those that are lost
   * left out. At least so long where some were unfinished; undefined without a fault.
   */
  recoveryMs: Waited | undefined;
}

/** Adds up what happened in one run. */
export function account(evidence: Evidence): Account {
  const { sent, calls, endedAt, slots } = evidence;
  const jobs = sent.filter(({ poison }) => !poison);
  const results = groupById(evidence.results);
  const accepted = groupById(
    calls.filter(({ what }) => what === 'accepted').map(({ job, at }) => ({ id: job, at })),
  );
  const dead = new Set(evidence.deadLetters);
  const begun = (id: string) => accepted.get(id)?.[0]?.at;
  const done = (id: string) => results.get(id)?.[0]?.at;

  const without = jobs.filter(({ id }) => !results.has(id) && !dead.has(id));
  const unfinished = Math.min(evidence.held, without.length);
  const poison = sent.filter((record) => record.poison);
  const doneAt = jobs.flatMap(({ id }) => done(id) ?? []);
  const firstSentAt = Math.min(...sent.map(({ sentAt }) => sentAt));
  const waiting = jobs.map(({ id, sentAt }) => ({ from: sentAt, to: begun(id) ?? done(id) ?? endedAt }));
  const inFlight = callsInFlight(calls);
  return {
    jobs: jobs.length,
    completed: jobs.filter(({ id }) => results.get(id)?.[0]?.status === 'completed').length,
    failed: jobs.filter(({ id }) => (results.get(id)?.[0]?.status ?? 'completed') !== 'completed').length,
    deadLettered: jobs.filter(({ id }) => !results.has(id) && dead.has(id)).length,
    lost: without.length - unfinished,
    unfinished,
    duplicated: jobs.filter(({ id }) => (results.get(id)?.length ?? 0) > 1).length,
    wastedCalls: [...accepted.values()].reduce((total, one) => total + one.length - 1, 0),
    poison: poison.length,
    poisonDeadLettered: poison.filter(({ id }) => dead.has(id)).length,
    queueMs: quantilesOf(jobs.map(({ id, sentAt }) => waited(sentAt, begun(id), endedAt))),
    latencyMs: quantilesOf(jobs.map(({ id, sentAt }) => waited(sentAt, done(id), endedAt))),
    jobsPerSecond: doneAt.length === 0 ? 0 : doneAt.length / ((Math.max(...doneAt) - firstSentAt) / 1_000),
    slotUse: slotUse(inFlight, waiting, slots, doneAt.length === 0 ? endedAt : Math.max(...doneAt)),
    peakInFlight: Math.max(0, ...inFlight.map(({ count }) => count)),
    recoveryMs: recovery(evidence, done, unfinished > 0 ? new Set(without.map(({ id }) => id)) : new Set()),
  };
}

function waited(from: number, to: number | undefined, endedAt: number): Waited {
  return { ms: (to ?? endedAt) - from, atLeast: to === undefined };
}

/** `open` are those that may still get their result. */
function recovery(
  { sent, faultsAt, endedAt }: Evidence,
  done: (id: string) => number | undefined,
  open: Set<string>,
): Waited | undefined {
  const ordinary = sent.filter(({ poison, slow }) => !poison && !slow);
  const each = faultsAt.map((faultAt) => {
    const before = ordinary.filter(({ sentAt }) => sentAt <= faultAt);
    if (before.some(({ id }) => open.has(id))) return { ms: endedAt - faultAt, atLeast: true };
    return { ms: Math.max(0, ...before.map(({ id }) => (done(id) ?? 0) - faultAt)), atLeast: false };
  });
  return each.reduce<Waited | undefined>((most, one) => (most && most.ms >= one.ms ? most : one), undefined);
}

/** Those of an id in the order of their times. */
function groupById<T extends { id: string; at: number }>(all: T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of [...all].sort((a, b) => a.at - b.at)) {
    const group = groups.get(one.id);
    if (group) group.push(one);
    else groups.set(one.id, [one]);
  }
  return groups;
}
