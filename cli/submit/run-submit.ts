import { HeadwayError } from '../../contracts/errors';
import { loadRegistry } from '../../pipelines/load-pipelines';
import { loadConfig } from '../../runtime/config/config';
import type { CliContext } from '../context';
import { exitCodes } from '../exit-codes';
import { createProgressBar } from '../progress';
import { createCheckRequest } from './check-request';
import type { Door } from './door';
import { fromText, pickSource } from './pick-source';
import { readRequests } from './read-requests';
import { requestOfOptions, type RequestOptions } from './request-of-options';
import { createSubmitReport } from './submit-report';
import { checkAll, submit } from './submit';

export interface SubmitArguments extends RequestOptions {
  via: 'kafka' | 'http';
  wait?: boolean;
  timeout?: number;
  json?: boolean;
}

/** `tell` takes a sentence for standard error. */
export type OpenDoor = (
  options: SubmitArguments,
  context: CliContext,
  signal: AbortSignal,
  tell: (sentence: string) => void,
) => Promise<Door>;

const REMIND_MS = 60_000;

/** What `headway submit` does. */
export async function runSubmit(
  request: string | undefined,
  options: SubmitArguments,
  context: CliContext,
  openDoor: OpenDoor,
): Promise<void> {
  const { wait = false, timeout } = options;
  if (timeout !== undefined && !wait) {
    throw new HeadwayError('HW_CONFIG_INVALID', '--timeout must come with --wait.');
  }
  const made = requestOfOptions(options, request !== undefined, Date.now());
  const source = made === undefined ? await pickSource(request, context) : fromText(made);
  const rules = { ...(await installed(context)), ...readRules(options, context) };
  const newCheck = () => createCheckRequest(rules);
  const total = source.repeatable ? await checkAll(readRequests(source.open()), newCheck()) : undefined;
  if (total === 0) throw new HeadwayError('HW_CONFIG_INVALID', `There is no job request in ${source.name}.`);

  const tooLong = timeout === undefined ? [] : [AbortSignal.timeout(timeout)];
  const signal = AbortSignal.any([context.signal, ...tooLong]);
  const progress = createProgressBar(context.stderr);
  const report = createSubmitReport({ ...options, alone: total === 1 }, context, progress, total);
  const door = await openDoor(options, context, signal, report.tell).catch((error: unknown) => {
    if (error !== signal.reason || context.signal.aborted) throw error;
    const message = 'Nothing was sent: the door was not ready within the --timeout.';
    throw new HeadwayError('HW_SERVER_UNREACHABLE', message, { cause: error });
  });
  let late = false;
  const reminder = setInterval(() => report.remind(), REMIND_MS).unref();
  try {
    const requests = readRequests(source.open());
    await submit({ door, requests, check: newCheck(), wait, signal, ...report });
  } catch (error) {
    // Whatever is wrong, "nothing was done" would not be true.
    if (report.hasSent()) context.exitCode = exitCodes.failed;
    late = tooLong.some(({ aborted }) => aborted) && !context.signal.aborted;
    if (late) report.timedOut();
    report.onWaitedEnough();
    if (!late) throw error;
    context.exitCode = exitCodes.badFinding;
  } finally {
    clearInterval(reminder);
    progress.close();
    report.sum(door);
    await door.close();
  }
  if (report.seen() === 0 && !late) {
    throw new HeadwayError('HW_CONFIG_INVALID', `There is no job request in ${source.name}.`);
  }
  if (report.isBad()) context.exitCode = exitCodes.badFinding;
  if (report.lacksResults()) context.exitCode = exitCodes.failed;
}

function installed({ env }: CliContext) {
  return loadRegistry(loadConfig(env, ['pipelines']).pipelines);
}

/** The HTTP door may be far from Kafka and Temporal, and knows best how large a job may be, and which pipelines there are. */
function readRules({ via }: SubmitArguments, { env }: CliContext) {
  if (via === 'http') {
    const { topics } = loadConfig(env, ['topics']);
    return { queueTopic: topics.queue, payloadStore: true, doorHasOthers: true };
  }
  const { topics, temporal } = loadConfig(env, ['topics', 'temporal']);
  return {
    queueTopic: topics.queue,
    payloadStore: temporal.payloadStore !== undefined,
    doorHasOthers: false,
  };
}
