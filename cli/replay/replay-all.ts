import type { DataConverter } from '@temporalio/common';
import type { Pipeline } from '../../pipelines/define-pipeline';
import type { NamedHistory } from '../../workers/replay/replay-histories';
import { checkPipelines, type ReadPayload } from './check-pipelines';

export interface ReplaySource {
  histories: AsyncIterable<NamedHistory> | Iterable<NamedHistory>;
  dataConverter?: DataConverter;
  readPayload?: ReadPayload;
}

export interface ReplayAllOptions {
  pipelineNamed: (name: string) => Pipeline;
  signal: AbortSignal;
  onProgress: (done: number) => void;
}

export interface ReplayReport {
  replayed: number;
  /** What speaks against this build, a text for each history. */
  problems: string[];
}

/** Replays histories on this build, and holds the jobs in them against its pipelines. */
export async function replayAll(source: ReplaySource, options: ReplayAllOptions): Promise<ReplayReport> {
  const { pipelineNamed, signal, onProgress } = options;
  // Loaded on use: other commands need no workflow engine, and its native part takes time.
  const { replayHistories } = await import('../../workers/replay/replay-histories.js');
  const report: ReplayReport = { replayed: 0, problems: [] };
  const refused = new Map<string, string>();
  for await (const { name, problem } of replayHistories(checked(), { dataConverter: source.dataConverter })) {
    signal.throwIfAborted();
    onProgress(++report.replayed);
    const found = problem ?? refused.get(name);
    if (found !== undefined) report.problems.push(found);
  }
  return report;

  async function* checked(): AsyncGenerator<NamedHistory> {
    for await (const one of source.histories) {
      const problem = await checkPipelines(one, pipelineNamed, source.readPayload);
      if (problem !== undefined) refused.set(one.name, problem);
      yield one;
    }
  }
}
