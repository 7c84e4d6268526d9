import { partTitles, systemParts } from '../cost/parts';
import { rounded, table } from '../spread';
import type { Inputs } from './inputs';
import { MOST_DEVIATION, mayExtrapolate, type Model } from './model';
import type { Plan } from './plan';

const percent = (share: number) => `${rounded(100 * share)} %`;
const text = (value: number, digits = 0) => rounded(value, digits).toLocaleString('en-US');

export interface Sizing {
  /** Date and machine of what was measured. */
  source: string;
  temporalVersion: string;
  model: Model;
  inputs: Inputs;
  /** Absent where the model is not good enough. */
  plan?: Plan;
}

export function sizingMarkdown({ source, temporalVersion, model, inputs, plan }: Sizing): string {
  const { points, worst, idle, cpuMs, transitions } = model;
  return [
    `Made from ${source}; Temporal server ${temporalVersion}. Beside what its processes spend while nothing arrives, a job costs \`a + (b + c * waves) / packSize + d / jobsPerSecond\`, fitted for each part by itself, \`d\` being what a process spends in each second in which anything arrives; ` +
      'how many waves the calls of a pack end in is simulated, with the poll times that a worker learns (bench/headway/sizing/waves.ts).',
    table(
      [
        ...['CPU-ms', 'a: a job', 'b: a pack', 'c: a wave', 'd: a second with jobs'],
        ...['a second while nothing arrives', 'MB then'],
      ],
      [
        ...systemParts.map((part) => [
          ...[partTitles[part], ...lineCells(cpuMs[part])],
          ...[text(idle[part].cpuMsPerSecond, 1), text(idle[part].megabytes)],
        ]),
        ['state transitions, number', ...lineCells(transitions), '-', '-'],
      ],
    ),
    table(
      [
        ...['', 'model', 'jobs/s', 'jobs a pack', 'waves', 'simulated'],
        ...['CPU-ms a job, measured', 'model', 'transitions a job, measured', 'model', 'deviation'],
      ],
      points.map((point) => [
        ...[point.title, point.fitted ? 'fitted to it' : 'has not seen it'],
        ...[text(point.jobsPerSecond), text(point.packSize, 1)],
        ...[point.countedWaves === undefined ? '-' : text(point.countedWaves, 1), text(point.waves, 1)],
        ...[point.cpuMs.measured, point.cpuMs.model].map((one) => text(one, 1)),
        ...[point.transitions.measured, point.transitions.model].map((one) => text(one, 2)),
        percent(point.deviation),
      ]),
    ),
    mayExtrapolate(model)
      ? `The model is within ${Math.ceil(100 * worst)} % of every measured point.`
      : `The model is up to ${percent(worst)} away from what was measured (at most ${percent(MOST_DEVIATION)} is allowed, and some points have to be ones that it has not seen): it says nothing about what was not measured. Measure again on a quiet machine, with --size full.`,
    ...(plan ? [planTable(plan, inputs, isInside(model)), planNotes(inputs, isInside(model))] : []),
  ].join('\n\n');
}

/** Whether the database was part of the Temporal server, as SQLite is. */
function isInside({ idle }: Model): boolean {
  return idle.database.megabytes === 0;
}

function lineCells({ perJob, perPack, perWave, perSecond }: Model['transitions']): string[] {
  return [text(perJob, 2), text(perPack, 2), text(perWave, 2), text(perSecond, 1)];
}

function planTable(plan: Plan, inputs: Inputs, inside: boolean): string {
  const { jobsPerSecond, packSize } = inputs;
  return table(
    [`for ${text(jobsPerSecond)} jobs/s, ${text(plan.inFlight)} in flight, packs of ${packSize}`, 'needed'],
    [
      ['worker processes', `${text(plan.workers)} (bound by ${plan.workersBoundBy})`],
      ['bridge processes', text(plan.bridges)],
      ['partitions of the queue topic, at most', text(plan.partitions)],
      [
        `hosts of the Temporal server, ${inputs.coresPerHost} cores each`,
        inside ? 'one, and no more: SQLite is inside' : text(plan.serverHosts),
      ],
      ['workflows started a second', text(plan.workflowsPerSecond)],
      ['state transitions a second, and writes to visibility', text(plan.writesPerSecond)],
      ['history shards, at least', text(plan.shards)],
      ...systemParts.map((part) => [
        `cores: ${partTitles[part]}`,
        part === 'database' && inside ? 'inside the server' : text(plan.cores[part], 1),
      ]),
      [
        'memory of processes and jobs in flight, GB',
        plan.memoryGb === undefined ? 'not measured in this run' : text(plan.memoryGb, 1),
      ],
      ['US dollars an hour, at the example prices', text(plan.usdPerHour, 2)],
      ['US dollars a million jobs, at the example prices', text(plan.usdPerMillionJobs, 2)],
    ],
  );
}

function planNotes(inputs: Inputs, inside: boolean): string {
  const named = Object.entries(inputs).map(([name, value]) => `\`${name}\` ${value}`);
  const bound = inside
    ? ' **SQLite cannot be shared by several servers, so nobody can run this plan: it is a lower bound, and a run with --engine postgres makes one.**'
    : '';
  return (
    `Assumed: ${named.join(', ')}; that a worker costs the same beside others on other cores; and one database and broker. Prices are examples, and nobody's list prices. LLM calls are not in it, and cost more than all of it. ` +
    `It was measured on one machine: replication of Kafka and of the database, and the network between hosts, are not in it. A transition is several statements in an SQL database.${bound}`
  );
}
