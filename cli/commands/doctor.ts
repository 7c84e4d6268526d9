import { HeadwayError, messageOf } from '../../contracts/errors';
import { loadConfig, type Config, type ConfigSection } from '../../runtime/config/config';
import { createKafka } from '../../runtime/kafka/client';
import { connectTemporalClient } from '../../runtime/temporal';
import { cliLogger, unreachable } from '../connections';
import type { CliContext } from '../context';
import { checkKafka } from '../doctor/check-kafka';
import { checkDatabase, checkLlm, checkPayloadStore, checkWebhooks } from '../doctor/check-others';
import { checkTemporal } from '../doctor/check-temporal';
import { CHECK_MS, runCheck, skipped, type Finding } from '../doctor/findings';
import { exitCodes } from '../exit-codes';
import { HeadwayCommand } from '../headway-command';
import { printJson, styles } from '../output';
import { printable } from '../printable';

/** `headway doctor`: what is wrong with the installation, and what to do. */
export function doctorCommand(context: CliContext): HeadwayCommand {
  return new HeadwayCommand('doctor')
    .description('check servers, topics, workers, LLM; say what is wrong, what to do')
    .option('--json', 'print JSON')
    .withExample('headway doctor')
    .exitsWithOneWhen('something is wrong; a warning does not count')
    .action(async ({ json }: { json?: boolean }) => {
      // With a value that cannot be read nobody would start, whatever the servers do.
      loadConfig(context.env, []);
      const findings = (await Promise.all(allChecks(context))).flat();
      const healthy = findings.every(({ state }) => state === 'ok' || state === 'warning');
      if (json) printJson(context, { ok: healthy, checks: findings });
      else context.stdout.write(`${formatFindings(findings, context)}\n`);
      if (!healthy) context.exitCode = exitCodes.badFinding;
    });
}

/** Side by side: what is away costs its own time only. An address that is missing is a finding like others. */
function allChecks(context: CliContext): Promise<Finding[]>[] {
  const { env, signal } = context;
  const logger = cliLogger(context);
  const load = <S extends ConfigSection>(...sections: S[]): Pick<Config, S> => loadConfig(env, sections);
  const configured = async (name: string, checks: () => Promise<Finding[]>): Promise<Finding[]> => {
    try {
      return await checks();
    } catch (error) {
      const thrown = error instanceof Error ? error : new Error(messageOf(error));
      return [await runCheck(name, () => Promise.reject(thrown))];
    }
  };
  const kafkaOf = (config: Config['kafka']) => createKafka(config, logger, { retries: 1 });
  return [
    configured('Kafka', () => {
      const config = load('kafka', 'topics', 'bridge');
      return checkKafka(kafkaOf(config.kafka), config);
    }),
    configured('Temporal', () => {
      const config = load('temporal', 'topics', 'bridge', 'jobIds');
      const kafka = ifConfigured(() => kafkaOf(load('kafka').kafka));
      const soon = AbortSignal.any([signal, AbortSignal.timeout(CHECK_MS - 500)]);
      const connect = () => connectSoon(config.temporal, logger, soon, signal);
      return checkTemporal(connect, kafka, config);
    }),
    runCheck('LLM', async () => checkLlm(load('llm').llm)).then((one) => [one]),
    runCheck('database', async () => {
      const { database, jobIds } = load('database', 'jobIds');
      return checkDatabase(database, jobIds);
    }).then((one) => [one]),
    configured('LLM webhooks', async () => {
      const { door } = load('llmWebhooks').llmWebhooks;
      return door ? [await runCheck('LLM webhooks', () => checkWebhooks(door))] : [];
    }),
    configured('payload store', async () => {
      // Its address goes with that of Temporal, which the check above tells of.
      const config = ifConfigured(() => load('temporal').temporal);
      if (!config) return skipped(['payload store'], 'Temporal');
      return [await runCheck('payload store', () => checkPayloadStore(config.payloadStore))];
    }),
  ];
}

/** Undefined where the configuration lacks something, which another check tells of. */
function ifConfigured<T>(load: () => T): T | undefined {
  try {
    return load();
  } catch (error) {
    if (error instanceof HeadwayError && error.code === 'HW_CONFIG_INVALID') return undefined;
    throw error;
  }
}

/** Connecting goes on until it is interrupted, and knows not what by. */
async function connectSoon(
  temporal: Config['temporal'],
  logger: ReturnType<typeof cliLogger>,
  soon: AbortSignal,
  interrupted: AbortSignal,
) {
  try {
    return await connectTemporalClient(temporal, { logger, signal: soon });
  } catch (error) {
    if (!soon.aborted || interrupted.aborted) throw error;
    const reason = `no connection within ${(CHECK_MS - 500) / 1_000} s`;
    throw unreachable(`Temporal does not answer at ${temporal.address} (TEMPORAL_ADDRESS)`, reason);
  }
}

function formatFindings(findings: readonly Finding[], { stdout, env }: CliContext): string {
  const { green, red, bold } = styles(stdout, env);
  const colours = { ok: green, warning: bold, wrong: red, skipped: (text: string) => text };
  const width = Math.max(...findings.map(({ name }) => name.length));
  const lines = findings.flatMap(({ name, state, found, todo }) => [
    `${colours[state](state.padEnd(7))}  ${name.padEnd(width)}  ${printable(found)}`,
    ...(todo === undefined ? [] : [`${' '.repeat(width + 11)}${printable(todo)}`]),
  ]);
  const count = (wanted: Finding['state']) => findings.filter(({ state }) => state === wanted).length;
  const verdict = count('wrong') > 0 ? red(`${count('wrong')} wrong`) : green('Nothing is wrong');
  return [...lines, '', `${verdict}, ${count('warning')} warning(s).`].join('\n');
}
