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
  const { scenario, points, worst } = model;
  return [
    `Made from ${source}; scenario "${scenario.title}", Temporal server ${temporalVersion}. ${formulaOf(model)}, fitted for each part by itself; transitions in packs of more than one, since a job alone takes another way.`,
    table(
      ['CPU-ms', 'a: a job', 'b: a pack', 'c: a wave'],
      [
        ...systemParts.map((part) => [partTitles[part], ...lineCells(model.cpuMs[part])]),
        ['state transitions, number', ...lineCells(model.transitions)],
      ],
    ),
    table(
      ['jobs a pack', 'CPU-ms a job, measured', 'model', 'transitions a job, measured', 'model', 'deviation'],
      points.map(({ packSize, cpuMs, transitions, deviation }) => [
        text(packSize, 1),
        ...[cpuMs.measured, cpuMs.model].map((one) => text(one, 1)),
        text(transitions.measured, 2),
        transitions.model === undefined ? '-' : text(transitions.model, 2),
        percent(deviation),
      ]),
    ),
    mayExtrapolate(model)
      ? `The model is within ${percent(worst)} of every measured point.`
      : `The model is up to ${percent(worst)} away from what was measured, more than ${percent(MOST_DEVIATION)}: it says nothing about what was not measured. Measure again on a quiet machine, with --size full.`,
    ...(plan && scenario.name !== 'llm-5-10'
      ? [
          'Here the calls of a pack ended together. Calls of 5-10 s end in several waves, each with state transitions and CPU of its own (the part growth-history shows them), so the plan is a ' +
            '**lower bound**. A run with --size full has that scenario too, and is taken then.',
        ]
      : []),
    ...(plan ? [planTable(plan, inputs), planNotes(plan, inputs)] : []),
  ].join('\n\n');
}

function formulaOf({ mostWaves }: Model): string {
  if (mostWaves === 1) return 'What a job costs is `a + b / packSize`';
  return (
    'What a job costs is `a + (b + c * waves) / packSize`; the calls of a pack end in ' +
    `\`waves = ${mostWaves} * (1 - (1 - 1 / ${mostWaves}) ^ packSize)\` of half a second`
  );
}

function lineCells({ perJob, perPack, perWave }: Model['transitions']): string[] {
  return [text(perJob, 2), text(perPack, 2), text(perWave, 2)];
}

function planTable(plan: Plan, inputs: Inputs): string {
  const { jobsPerSecond, inFlight, packSize } = inputs;
  return table(
    [`for ${text(jobsPerSecond)} jobs/s, ${text(inFlight)} in flight, packs of ${packSize}`, 'needed'],
    [
      ['worker processes', `${text(plan.workers)} (bound by ${plan.workersBoundBy})`],
      ['bridge processes', text(plan.bridges)],
      ['partitions of the queue topic', text(plan.partitions)],
      [`hosts of the Temporal server, ${inputs.coresPerHost} cores each`, text(plan.serverHosts)],
      ['workflows started a second', text(plan.workflowsPerSecond)],
      ['writes to the database a second', text(plan.writesPerSecond)],
      ['history shards, at least', text(plan.shards)],
      ...systemParts.map((part) => [`cores: ${partTitles[part]}`, text(plan.cores[part], 1)]),
      [
        'memory for jobs in flight, GB',
        plan.memoryGb === undefined ? 'not measured in this run' : text(plan.memoryGb, 1),
      ],
      ['US dollars an hour, at the example prices', text(plan.usdPerHour, 2)],
      ['US dollars a million jobs, at the example prices', text(plan.usdPerMillionJobs, 2)],
    ],
  );
}

function planNotes({ cores }: Plan, inputs: Inputs): string {
  const named = Object.entries(inputs).map(([name, value]) => `\`${name}\` ${value}`);
  const inside =
    cores.database === 0
      ? ' The database was inside the Temporal server here, so its cores are among those of the server.'
      : '';
  return (
    `Assumed: ${named.join(', ')}. Prices are examples, and nobody's list prices. LLM calls are not in it, and cost more than all of it. ` +
    `It was measured on one machine: replication of Kafka and of the database, and the network between hosts, are not in it.${inside}`
  );
}
