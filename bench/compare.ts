import { availableParallelism, totalmem } from 'node:os';
import { projectRoot } from '../runtime/project-root';
import { runMain } from '../runtime/run-main';
import { compare, CONSUMERS } from './compare/compare';
import { help, readCompareOptions } from './compare/options';
import { planRuns } from './compare/plan';
import { writeReport } from './compare/report/write-report';
import { versionsHere } from './compare/report/versions';
import type { Written } from './compare/report/written';
import { withWorld } from './compare/world';
import { contenders } from './contenders';
import { createReport } from './flood/report';

void runMain('bench', async () => {
  const names = contenders.map(({ name }) => name);
  const args = process.argv.slice(2);
  const options = readCompareOptions(args, names, projectRoot());
  if (options === undefined) return void process.stdout.write(help(names));
  const chosen = options.contenders.flatMap((name) => contenders.filter((one) => one.name === name));
  const planned = planRuns(chosen, options);
  const minutes = (ms: number) => `${Math.max(1, Math.round(ms / 60_000))} min`;
  const estimatedMs = planned.reduce((total, run) => total + run.estimatedMs, 0);
  process.stderr.write(
    `${planned.length} runs, about ${minutes(estimatedMs)} if everything is installed; every time is multiplied by ${options.timeScale}.\n`,
  );
  const report = createReport(process.stderr);
  const log = (line: string) => process.stderr.write(`\r${line}\n`);
  const written: Written = {
    date: new Date().toISOString().slice(0, 10),
    machine: `${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GB, Node.js ${process.version}`,
    command: commandOf(args),
    versions: versionsHere(),
    options: {
      ...{ mode: options.mode, repetitions: options.repetitions, seed: options.seed },
      ...{ timeScale: options.timeScale, slots: options.slots, consumers: CONSUMERS },
    },
    contenders: chosen.map(({ name, title, about, withoutSlots }) => ({ name, title, about, withoutSlots })),
    notRun: [],
    runs: [],
  };
  try {
    await withWorld({ ...options, log }, async (world) => {
      const { contenders: ran, notRun } = await compare(
        world,
        chosen,
        options,
        ({ done, of, run, doing, remainingMs }) =>
          report.progress(
            () =>
              `run ${done + 1} of ${of}, about ${minutes(remainingMs)} left: ${run.contender.name} in ${run.scenario.name}: ${doing}`,
          ),
        async (run) => {
          written.runs.push(run);
          for (const problem of run.problems) log(`${run.contender} in ${run.scenario}: ${problem}`);
          // What is there by now is not lost when somebody has had enough.
          await writeReport(options.out, written);
        },
      );
      written.contenders = written.contenders.filter(({ name }) => ran.some((one) => one.name === name));
      written.notRun = notRun.map(({ contender: { name, title }, reason }) => ({ name, title, reason }));
    });
  } finally {
    report.close();
  }
  const paths = await writeReport(options.out, written);
  process.stdout.write(`${paths.join('\n')}\n`);
});

/** As somebody else would type it: where the results went is nobody's business. */
function commandOf(args: string[]): string {
  const kept = args.filter((one, index) => !one.startsWith('--out') && args[index - 1] !== '--out');
  return ['npm run bench', ...(kept.length > 0 ? ['--', ...kept] : [])].join(' ');
}
