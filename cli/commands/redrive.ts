import { Option } from 'commander';
import { createLetterFilter } from '../../bridge/kafka/redrive/filter';
import { redrive, type RedriveReport } from '../../bridge/kafka/redrive/redrive';
import { retryFailed, type RetryFailedReport } from '../../bridge/kafka/redrive/retry-failed';
import { createJobRetry } from '../../bridge/retry-job';
import { loadRegistry } from '../../pipelines/load-pipelines';
import { loadConfig } from '../../runtime/config/config';
import { isConnectionError } from '../../runtime/kafka/errors';
import { cliKafka, cliTemporal, unreachable } from '../connections';
import type { CliContext } from '../context';
import { exitCodes } from '../exit-codes';
import { HeadwayCommand } from '../headway-command';
import { printJson } from '../output';
import { createProgressBar } from '../progress';
import { readCount } from '../read-number';
import { formatRedrive, formatRetryFailed, sayGoOn, toJson } from '../redrive/format-report';
import { readAgain, readFilter, type AgainArguments, type FilterArguments } from '../redrive/read-options';

interface Options extends FilterArguments, AgainArguments {
  failed?: boolean;
  limit?: number;
  maxRedrives: number;
  dryRun?: boolean;
  show: number;
  json?: boolean;
}

/** `headway redrive`: dead letters back to the queue, failed jobs once more. */
export function redriveCommand(context: CliContext): HeadwayCommand {
  return new HeadwayCommand('redrive')
    .description('send dead letters back to the queue, or run failed jobs again')
    .option('--failed', 'failed jobs, from the results topic, instead of dead letters')
    .option('--code <codes...>', 'only those with one of these error codes')
    .option('--pipeline <names...>', 'only those of one of these pipelines')
    .option('--since <time>', 'only those since then (2026-01-31T08:00:00Z, or 2h for two hours ago)')
    .option('--until <time>', 'only those before that time')
    .option('--limit <n>', 'at most so many', readCount)
    .addOption(
      new Option('--max-redrives <n>', 'park a letter that was sent back so often')
        .argParser(readCount)
        .default(3)
        .conflicts('failed'),
    )
    .addOption(new Option('--again', 'also letters that were sent before').conflicts('failed'))
    .addOption(
      new Option('--again-before <time>', 'also letters that were sent before that time').conflicts([
        'again',
        'failed',
      ]),
    )
    .option('--dry-run', 'count and show, change nothing')
    .option('--show <n>', 'how many to name with --dry-run', readCount, 5)
    .option('--json', 'print JSON')
    .withExample('headway redrive --code HW_PIPELINE_UNKNOWN --dry-run')
    .exitsWithOneWhen('something cannot go')
    .action((options: Options) => run(options, context));
}

async function run(options: Options, context: CliContext): Promise<void> {
  const { kafka } = loadConfig(context.env, ['kafka']);
  try {
    await (options.failed ? runFailed(options, context) : runDeadLetters(options, context));
  } catch (error) {
    if (!isConnectionError(error)) throw error;
    throw unreachable(`Kafka does not answer at ${kafka.brokers.join(',')} (KAFKA_BROKERS)`, error);
  }
}

async function runDeadLetters(options: Options, context: CliContext): Promise<void> {
  const config = loadConfig(context.env, ['kafka', 'topics']);
  const now = Date.now();
  const filter = createLetterFilter(readFilter(options, now));
  const again = readAgain(options, now);
  // Beforehand, since a run that is killed, or loses Kafka, says no more.
  if (again && !options.dryRun)
    context.stderr.write(`headway: if this ends early, ${sayGoOn(again.goOnWith)}\n`);
  const progress = createProgressBar(context.stderr);
  let report: RedriveReport;
  try {
    report = await redrive({
      ...options,
      kafka: cliKafka(config.kafka, context),
      topics: config.topics,
      filter,
      againBefore: again?.before,
      examples: options.show,
      onProgress: (done, total) => progress.update('dead letters', done, total),
      signal: context.signal,
    });
  } finally {
    progress.close();
  }
  const bad = report.kept.withoutValue + report.kept.tooLarge > 0;
  print(context, options, report, bad, () => formatRedrive(report, config.topics, again?.goOnWith));
}

async function runFailed(options: Options, context: CliContext): Promise<void> {
  const config = loadConfig(context.env, ['kafka', 'topics', 'temporal', 'pipelines']);
  const { pipelineNamed } = await loadRegistry(config.pipelines);
  const { codes, pipelines, since = -Infinity, until = Infinity } = readFilter(options, Date.now());
  const client = await cliTemporal(config.temporal, context);
  const progress = createProgressBar(context.stderr);
  let report: RetryFailedReport;
  try {
    report = await retryFailed({
      ...options,
      kafka: cliKafka(config.kafka, context),
      topic: config.topics.results,
      retry: createJobRetry({ client, pipelineNamed, ...config.temporal }),
      filter: ({ pipeline, error, timings }) => {
        const at = Date.parse(timings.completedAt);
        if (at < since || at >= until) return false;
        if (codes.length > 0 && !codes.includes(error.type)) return false;
        return pipelines.length === 0 || pipelines.includes(pipeline);
      },
      examples: options.show,
      onProgress: (what, done, total) => progress.update(what, done, total),
      signal: context.signal,
    });
  } finally {
    progress.close();
    await client.connection.close();
  }
  // One that runs, or has had a newer end, has got what was asked for.
  const { HW_JOB_RUNNING: _running, HW_JOB_NOT_FAILED: _newer, ...cannot } = report.kept;
  print(context, options, report, Object.keys(cannot).length > 0, () => formatRetryFailed(report));
}

function print(
  context: CliContext,
  { json }: Options,
  report: RedriveReport | RetryFailedReport,
  bad: boolean,
  format: () => string,
): void {
  if (json) printJson(context, toJson(report));
  else context.stdout.write(`${format()}\n`);
  if (bad) context.exitCode = exitCodes.badFinding;
}
