import { loadConfig } from '../../runtime/config/config';
import { isConnectionError } from '../../runtime/kafka/errors';
import { readLocalStack } from '../../runtime/local-stack';
import { audit } from '../audit/audit';
import { formatReport } from '../audit/format-report';
import { readSelection, type AuditArguments } from '../audit/read-options';
import { cliKafka, cliTemporal, unreachable } from '../connections';
import type { CliContext } from '../context';
import { exitCodes } from '../exit-codes';
import { HeadwayCommand } from '../headway-command';
import { printJson } from '../output';
import { createProgressBar } from '../progress';
import { readCount } from '../read-number';

interface Options extends AuditArguments {
  simulator?: string;
  show: number;
  publishMissing?: boolean;
  allowEmpty?: boolean;
  json?: boolean;
}

/** `headway audit`: what became of every record. */
export function auditCommand(context: CliContext): HeadwayCommand {
  return new HeadwayCommand('audit')
    .description('say what became of every job: lost, doubled, late ones')
    .option('--from <offsets>', 'first offset, of all partitions (100) or of some (0:100,3:250)')
    .option('--to <offsets>', 'the offset behind the last, likewise')
    .option('--since <time>', 'records from this time on (2026-01-31T08:00:00Z, or 2h for two hours ago)')
    .option('--until <time>', 'records before this time')
    .option('--show <n>', 'how many of each kind to name', readCount, 10)
    .option(
      '--simulator <url>',
      'LLM simulator to ask for calls made twice (default: that of the local stack)',
    )
    .option('--publish-missing', 'publish a failed result for jobs whose workflow was terminated')
    .option('--allow-empty', 'nothing to look at is no bad finding')
    .option('--json', 'print JSON')
    .withExample('headway audit --since 2h')
    .exitsWithOneWhen(
      'a record is lost or was deleted before it was read, a job has different results or a result under another id, a job id was done twice against JOB_ID_DEDUPE, or there was nothing to look at',
    )
    .action((options: Options) => run(options, context));
}

async function run(options: Options, context: CliContext): Promise<void> {
  const { env, signal } = context;
  const select = readSelection(options, Date.now());
  const config = loadConfig(env, ['kafka', 'topics', 'temporal', 'bridge', 'jobIdsOnce']);
  const kafka = cliKafka(config.kafka, context);
  const client = await cliTemporal(config.temporal, context);
  const progress = createProgressBar(context.stderr);
  try {
    const found = await audit({
      kafka,
      client,
      topics: config.topics,
      groupId: config.bridge.groupId,
      jobIdsOnce: config.jobIdsOnce.retentionMs !== undefined,
      jobIdRetentionMs: config.jobIdsOnce.retentionMs,
      select,
      simulatorUrl: options.simulator ?? localSimulator(env),
      examples: options.show,
      publishMissing: options.publishMissing,
      onProgress: (what, done, total) => progress.update(what, done, total),
      signal,
    });
    progress.close();
    const nothing = found.records.received === 0 && !options.allowEmpty;
    const report = { ...found, ok: found.ok && !nothing };
    if (options.json) printJson(context, report);
    else context.stdout.write(`${formatReport(report, context)}\n`);
    if (!report.ok) context.exitCode = exitCodes.badFinding;
  } catch (error) {
    if (isConnectionError(error)) {
      throw unreachable(`Kafka does not answer at ${config.kafka.brokers.join(',')} (KAFKA_BROKERS)`, error);
    }
    throw error;
  } finally {
    progress.close();
    await client.connection.close();
  }
}

/** A provider that costs money is not asked for counters it does not have. */
function localSimulator(env: NodeJS.ProcessEnv): string | undefined {
  if (env.OPENAI_API_KEY || env.OPENAI_BASE_URL) return undefined;
  return readLocalStack(env)?.llmBaseUrl;
}
