import type { Waited } from '../quantiles';
import type { Figures } from '../run';

/** A column of the tables. */
export interface Measure {
  name: string;
  title: string;
  /** Undefined where it says nothing about the run. */
  read: (figures: Figures) => number | undefined;
  /** Whether the value is a lower bound only. */
  atLeast?: (figures: Figures) => boolean;
  format: (value: number) => string;
}

const whole = (value: number) => String(Math.round(value));
const oneDigit = (value: number) => String(Math.round(value * 10) / 10);
export const seconds = (ms: number): string => {
  const value = ms / 1_000;
  return value >= 10 ? String(Math.round(value)) : value.toFixed(value >= 1 ? 1 : 2);
};
const percent = (share: number) => `${Math.round(100 * share)} %`;

const wait = (name: string, title: string, read: (figures: Figures) => Waited): Measure => ({
  ...{ name, title, format: seconds },
  read: (figures) => read(figures).ms,
  atLeast: (figures) => read(figures).atLeast,
});

/** CPU of everything that works for the contender; the simulator and the harness are told apart. */
export function ownCpuMs({ usage }: Figures): number {
  return usage.consumers.cpuMs + usage.servers.cpuMs + usage.broker.cpuMs;
}

export const measures: readonly Measure[] = [
  { name: 'lost', title: 'lost', read: (run) => run.lost, format: whole },
  { name: 'unfinished', title: 'unfinished', read: (run) => run.unfinished, format: whole },
  {
    name: 'setAside',
    title: 'jobs given up',
    read: (run) => run.deadLettered + run.failed,
    format: whole,
  },
  { name: 'duplicated', title: 'twice', read: (run) => run.duplicated, format: whole },
  { name: 'wastedCalls', title: 'calls wasted', read: (run) => run.wastedCalls, format: whole },
  {
    name: 'poisonMissed',
    title: 'poison not set aside',
    read: (run) => (run.poison === 0 ? undefined : run.poison - run.poisonDeadLettered),
    format: whole,
  },
  wait('queueP50', 'queue p50, s', (run) => run.queueMs.p50),
  wait('queueP95', 'queue p95, s', (run) => run.queueMs.p95),
  wait('queueP99', 'queue p99, s', (run) => run.queueMs.p99),
  wait('resultP50', 'result p50, s', (run) => run.latencyMs.p50),
  wait('resultP99', 'result p99, s', (run) => run.latencyMs.p99),
  { name: 'slotUse', title: 'slots used', read: (run) => run.slotUse, format: percent },
  { name: 'peakInFlight', title: 'most calls at once', read: (run) => run.peakInFlight, format: whole },
  { name: 'jobsPerSecond', title: 'jobs/s', read: (run) => run.jobsPerSecond, format: oneDigit },
  {
    name: 'cpuMsPerJob',
    title: 'CPU-ms a job',
    read: (run) => (run.completed === 0 ? undefined : ownCpuMs(run) / run.completed),
    format: oneDigit,
  },
  {
    name: 'ownMegabytes',
    title: 'MB, its processes',
    read: ({ usage }) => usage.consumers.peakMegabytes + usage.servers.peakMegabytes,
    format: whole,
  },
  {
    name: 'recovery',
    title: 'recovered after, s',
    read: (run) => run.recoveryMs?.ms,
    atLeast: (run) => run.recoveryMs?.atLeast ?? false,
    format: seconds,
  },
];

/** What is not a column, but decides whether the columns mean something. */
export const conditions: readonly Measure[] = [
  { name: 'jobs', title: 'jobs', read: (run) => run.jobs, format: whole },
  { name: 'offered', title: 'offered/s', read: (run) => run.offeredPerSecond, format: oneDigit },
  { name: 'sent', title: 'sent/s', read: (run) => run.sentPerSecond, format: oneDigit },
  { name: 'late', title: 'sent late, ms at worst', read: (run) => run.worstLateMs, format: whole },
];
