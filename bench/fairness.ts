import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { HeadwayError } from '../contracts/errors';
import { runMain } from '../runtime/run-main';
import { measureGroups } from './fairness/groups-cost';
import { measureScenario } from './fairness/measure';
import { chart, table } from './fairness/report';
import { scenarios, type Measured } from './fairness/scenarios';
import { withFloodStack } from './flood/flood-stack';

const help = `npm run bench:fairness -- [options]

How long a single job takes while a flood of other jobs is worked off: one that differs from the flood by nothing, by its tenant, or by its
priority; sent through Kafka, in a partition of its own, and started directly as the HTTP door does. Real servers, which are started and stopped.

  --scenarios A,B   of ${scenarios.map(({ name }) => name).join(', ')} (default: all)
  --rounds N        floods of each kind (default 2, at most 5)
  --plots FOLDER    writes fairness.svg
`;

/** The latency is that of the question. */
const simulator = {
  SIMULATOR_LATENCY_MIN_MS: '0',
  SIMULATOR_LATENCY_MAX_MS: '0',
  SIMULATOR_LATENCY_SLOW_RATIO: '0',
};

void runMain('bench', async () => {
  const { values } = parseArgs({
    options: {
      scenarios: { type: 'string', default: scenarios.map(({ name }) => name).join(',') },
      rounds: { type: 'string', default: '2' },
      plots: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void process.stdout.write(help);
  const chosen = values.scenarios.split(',');
  const unknown = chosen.find((name) => !scenarios.some((scenario) => scenario.name === name));
  if (unknown !== undefined)
    throw new HeadwayError('HW_CONFIG_INVALID', `--scenarios: there is none named ${unknown}.`);
  const rounds = Number(values.rounds);
  if (!/^[1-5]$/.test(values.rounds))
    throw new HeadwayError('HW_CONFIG_INVALID', '--rounds must be a whole number from 1 to 5.');

  const machine = `${availableParallelism()} cores, Node.js ${process.version}`;
  await withFloodStack(simulator, async (flood) => {
    const measured: Measured[] = [];
    for (const scenario of scenarios.filter(({ name }) => chosen.includes(name))) {
      measured.push(...(await measureScenario(flood, scenario, rounds)));
      process.stderr.write(table(measured.filter((one) => one.scenario === scenario.name)));
    }
    const groups = await measureGroups(flood, [1, 2, 4, 8, 50], 3);
    process.stdout.write(`${machine}; median (lowest-highest)\n\n${table(measured)}\n`);
    process.stdout.write('| tenants in a pack of 50 | state transitions | history events |\n|---|---|---|\n');
    for (const { tenants, transitions, events } of groups) {
      process.stdout.write(`| ${tenants} | ${transitions} | ${events} |\n`);
    }
    if (values.plots === undefined) return;
    await mkdir(values.plots, { recursive: true });
    await writeFile(join(values.plots, 'fairness.svg'), `${await chart(measured, machine)}\n`);
  });
});
