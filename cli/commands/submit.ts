import { InvalidArgumentError, Option } from 'commander';
import { createJobIdLedger } from '../../bridge/job-id-ledger';
import { loadConfig } from '../../runtime/config/config';
import { createDatabase } from '../../runtime/database';
import { isConnectionError } from '../../runtime/kafka/errors';
import { withOffsets } from '../../runtime/kafka/offsets';
import { cliKafka, unreachable } from '../connections';
import type { CliContext } from '../context';
import { HeadwayCommand } from '../headway-command';
import { withJobs } from '../open-jobs';
import { readJobId } from '../read-job-id';
import { readCount, readUsd } from '../read-number';
import { readDuration } from '../read-time';
import type { Door } from '../submit/door';
import type { Lookup } from '../submit/duplicates';
import { createHttpClient } from '../submit/http-client';
import { openHttpDoor } from '../submit/http-door';
import { openKafkaDoor } from '../submit/kafka-door';
import { runSubmit, type OpenDoor, type SubmitArguments } from '../submit/run-submit';

/** `headway submit`: sends jobs. */
export function submitCommand(context: CliContext, openDoor: OpenDoor = openDoorTo): HeadwayCommand {
  return new HeadwayCommand('submit')
    .description('send jobs: JSON, a file, standard input, or made from options')
    .argument(
      '[request]',
      'JSON, or a file with an object, an array or an object a line; - is standard input',
    )
    .addOption(
      new Option('--via <door>', 'the queue topic, or the HTTP door at HEADWAY_URL')
        .choices(['kafka', 'http'])
        .default('kafka'),
    )
    .option('--wait', 'wait for the ends of the jobs, and print their results')
    .option('--timeout <duration>', 'wait so long at most, such as 10m', readDuration)
    .option('--pipeline <name>', 'one job without writing JSON: its pipeline')
    .option('--input <json>', 'its input')
    .option('--id <id>', 'its id, instead of a random one', readJobId)
    .option('--tenant <name>', 'its tenant')
    .option('--priority <n>', 'its priority, 1 (urgent) to 5', readCount)
    .option('--deadline <time>', 'ISO 8601, or 30m for half an hour from now')
    .option('--not-before <time>', 'likewise; it is not begun before')
    .option('--max-cost-usd <amount>', 'US dollars that its LLM calls may cost, such as 0.05', readUsd)
    .option('--metadata <key=value>', 'comes back in the result; may be repeated', readMetadata)
    .option('--json', 'print JSON, a line for each job')
    .withExample('headway submit jobs.ndjson --wait')
    .exitsWithOneWhen(
      'a job was refused, or with --wait one did not complete; 2, and nothing is sent, when a request of an argument or a file is wrong',
    )
    .action((request: string | undefined, options: SubmitArguments) =>
      runSubmit(request, options, context, openDoor),
    );
}

async function openDoorTo(
  { via, wait = false }: SubmitArguments,
  context: CliContext,
  signal: AbortSignal,
  tell: (sentence: string) => void,
) {
  if (via === 'http') {
    const { door } = loadConfig(context.env, ['door']);
    const client = createHttpClient(door, signal);
    return openHttpDoor({ client, url: new URL(door.url).origin, signal });
  }
  const { kafka: config, topics, bridge } = loadConfig(context.env, ['kafka', 'topics', 'bridge']);
  const { ledger } = wait ? loadConfig(context.env, ['jobIds']).jobIds : {};
  const kafka = cliKafka(config, context);
  const where = `Kafka does not answer at ${config.brokers.join(',')} (KAFKA_BROKERS)`;
  const named = (error: unknown) => (isConnectionError(error) ? unreachable(where, error) : error);
  try {
    const lookup: Lookup | undefined = ledger && {
      committed: () => withOffsets(kafka, (offsets) => offsets.committed(bridge.groupId, topics.queue)),
      holders: (ids) => holdersOf(ids, ledger.url),
      withTemporal: (task) => withJobs(context, (jobs) => task((id) => jobs.get(id))),
    };
    const door = await openKafkaDoor({ kafka, topics, wait, lookup, tell, signal });
    return withNamedErrors(door, named);
  } catch (error) {
    throw named(error);
  }
}

async function holdersOf(ids: string[], url: string): Promise<Map<string, string>> {
  const database = createDatabase({ url });
  try {
    return await createJobIdLedger(database).holders(ids);
  } finally {
    await database.close();
  }
}

function withNamedErrors(door: Door, named: (error: unknown) => unknown): Door {
  return {
    ...door,
    async *send(requests) {
      try {
        yield* door.send(requests);
      } catch (error) {
        throw named(error);
      }
    },
  };
}

function readMetadata(text: string, before: Record<string, string> = {}): Record<string, string> {
  const [, key, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (key === undefined || value === undefined) {
    throw new InvalidArgumentError('It must be a key and a value, such as customer=acme.');
  }
  return { ...before, [key]: value };
}
