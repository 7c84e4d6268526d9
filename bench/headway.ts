import { availableParallelism, totalmem } from 'node:os';
import { messageOf } from '../contracts/errors';
import { projectRoot } from '../runtime/project-root';
import { runMain } from '../runtime/run-main';
import { versionsHere } from './compare/report/versions';
import { createReport } from './flood/report';
import { engines } from './headway/engines';
import { help, readHeadwayBenchOptions } from './headway/options';
import { parts } from './headway/parts';
import { readEarlier } from './headway/report/read-earlier';
import { writeReport } from './headway/report/write-report';
import type { PartText, Written } from './headway/report/written';

void runMain('bench', async () => {
  const known = { parts: parts.map(({ name }) => name), engines: Object.keys(engines) };
  const args = process.argv.slice(2);
  const options = readHeadwayBenchOptions(args, known, projectRoot());
  if (options === undefined) return void process.stdout.write(help(known));
  const { engine, size, seed } = options;
  const chosen = options.only.flatMap((name) => parts.filter((part) => part.name === name));
  const earlier = options.from === undefined ? undefined : await readEarlier(options.from);
  const report = createReport(process.stderr);
  const log = (line: string) => process.stderr.write(`\r${line}\n`);
  const written: Written = {
    date: new Date().toISOString().slice(0, 10),
    machine: `${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GB, Node.js ${process.version}`,
    command: commandOf(args),
    versions: versionsHere(),
    options: { engine, size, seed },
    // A plan is of the engine, the machine and the versions that were measured.
    ...(earlier && { machine: earlier.machine, versions: earlier.versions, options: earlier.options }),
    parts: {},
  };
  const settings = {
    engine,
    size,
    seed,
    report,
    log,
    earlier: earlier ?? written,
  };
  const estimate = (some: typeof chosen) => some.reduce((sum, part) => sum + part.estimateMs(settings), 0);
  log(`${chosen.map(({ name }) => name).join(', ')}: about ${minutes(estimate(chosen))}.`);
  const texts = new Map<string, PartText>();
  let paths: string[] = [];
  try {
    for (const [index, part] of chosen.entries()) {
      log(`${part.title} (about ${minutes(estimate(chosen.slice(index)))} left)`);
      const beganAt = Date.now();
      const { name, title } = part;
      const seconds = () => Math.round((Date.now() - beganAt) / 1_000);
      try {
        const { figures, markdown, charts = {} } = await part.run(settings);
        written.parts[name] = { title, seconds: seconds(), figures };
        texts.set(name, { markdown, charts });
      } catch (error) {
        // The others may do better.
        written.parts[name] = { title, seconds: seconds(), problem: messageOf(error) };
        log(`${name}: ${messageOf(error)}`);
        process.exitCode = 1;
      }
      // What is there by now is not lost when somebody has had enough.
      paths = await writeReport(options.out, written, texts, options.from ? '-sizing' : '');
    }
  } finally {
    report.close();
  }
  process.stdout.write(`${paths.join('\n')}\n`);
});

function minutes(ms: number): string {
  return `${Math.max(1, Math.round(ms / 60_000))} min`;
}

/** As somebody else would type it: where the results went is nobody's business. */
function commandOf(args: string[]): string {
  const kept = args.filter((one, index) => !one.startsWith('--out') && args[index - 1] !== '--out');
  return ['npm run bench:headway', ...(kept.length > 0 ? ['--', ...kept] : [])].join(' ');
}
