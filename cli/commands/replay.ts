import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadDataConverter } from '@temporalio/common/lib/internal-non-workflow';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { loadRegistry } from '../../pipelines/load-pipelines';
import { loadConfig } from '../../runtime/config/config';
import { createDataConverter } from '../../runtime/payload-store/data-converter';
import { readPayload } from '../../runtime/payload-store/read-payload';
import type { NamedHistory } from '../../workers/replay/replay-histories';
import { cliTemporal } from '../connections';
import type { CliContext } from '../context';
import { HeadwayCommand } from '../headway-command';
import { createProgressBar } from '../progress';
import { readLimit } from '../read-number';
import { printReport, type RunningReport } from '../replay/print-report';
import { replayAll, type ReplayReport, type ReplaySource } from '../replay/replay-all';
import { readRunning } from '../replay/running-histories';

interface Options {
  limit: number;
  all?: boolean;
  save?: string;
  json?: boolean;
}

/** `headway replay`: whether what is in flight could go on with this build. */
export function replayCommand(context: CliContext): HeadwayCommand {
  return new HeadwayCommand('replay')
    .description('replay histories: could jobs in flight go on with this build?')
    .argument('[files...]', 'histories, or folders of them; without any, those of running workflows')
    .option('--limit <n>', 'at most so many running workflows', readLimit, 200)
    .option('--all', 'also workflows that end on the worker version they began on')
    .option('--save <folder>', 'write the histories of the running workflows into it')
    .option('--json', 'print JSON')
    .withExample('headway replay test/histories')
    .exitsWithOneWhen('a history does not replay on this build, or has a job that a pipeline no longer takes')
    .action((files: string[], options: Options) => run(files, options, context));
}

async function run(files: string[], options: Options, context: CliContext): Promise<void> {
  const { pipelines: names } = loadConfig(context.env, ['pipelines']);
  const { pipelineNamed } = await loadRegistry(names);
  const progress = createProgressBar(context.stderr);
  const replay = (source: ReplaySource) =>
    replayAll(source, {
      pipelineNamed,
      signal: context.signal,
      onProgress: (done) => progress.update('replaying', done),
    });
  try {
    const report =
      files.length > 0
        ? await replay(await fromFiles(files, context.env))
        : await ofRunning(options, context, replay);
    progress.close();
    printReport(context, report, options);
  } finally {
    progress.close();
  }
}

async function fromFiles(files: string[], env: NodeJS.ProcessEnv): Promise<ReplaySource> {
  const { readHistoryFiles } = await import('../../workers/replay/read-history-files.js');
  const { keys: payloadKeys } = loadConfig(env, ['payloads']).payloads;
  const dataConverter = createDataConverter({ payloadStore: payloadStoreIn(env), payloadKeys });
  const reader = { options: { loadedDataConverter: loadDataConverter(dataConverter) } };
  return {
    histories: readHistoryFiles(files),
    dataConverter,
    readPayload: (payload) => readPayload(reader, payload),
  };
}

/** Files need no server, so one that is missing is no fault; then no payload store is known either. */
function payloadStoreIn(env: NodeJS.ProcessEnv) {
  try {
    return loadConfig(env, ['temporal']).temporal.payloadStore;
  } catch {
    return undefined;
  }
}

async function ofRunning(
  { limit, all, save }: Options,
  context: CliContext,
  replay: (source: ReplaySource) => Promise<ReplayReport>,
): Promise<RunningReport> {
  const { temporal } = loadConfig(context.env, ['temporal']);
  const client = await cliTemporal(temporal, context);
  try {
    const { histories, more } = readRunning(client, { taskQueue: temporal.taskQueue, limit, all });
    const report = await replay({
      histories: save === undefined ? histories : saved(histories, save),
      dataConverter: createDataConverter(temporal),
      readPayload: (payload) => readPayload(client, payload),
    });
    return { ...report, more: more() };
  } finally {
    await client.connection.close();
  }
}

async function* saved(histories: AsyncIterable<NamedHistory>, folder: string): AsyncGenerator<NamedHistory> {
  await mkdir(folder, { recursive: true });
  for await (const one of histories) {
    await writeFile(join(folder, `${encodeURIComponent(one.name)}.json`), historyToJSON(one.history));
    yield one;
  }
}
