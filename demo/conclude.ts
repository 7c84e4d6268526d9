import type { LlmChoice } from './choose-llm';
import { countWorkflows } from './count-workflows';
import type { RunReport } from './run-jobs';
import { showResult } from './show-result';
import type { System } from './start-system';
import { describeSummary } from './summary';
import { temporalUi } from './temporal-ui';
import { judge } from './verdict';

export interface ConcludeOptions {
  system: System;
  report: RunReport;
  llm: LlmChoice;
  output: NodeJS.WritableStream;
}

/** Shows one result and the summary. Returns the exit status. */
export async function conclude({ system, report, llm, output }: ConcludeOptions): Promise<number> {
  const { sent, tally, startedAt, elapsedMs } = report;
  const { results, deadLetters } = tally;
  const verdict = judge({ sent, results, deadLetters });
  const found = [...results.values()].flatMap(({ result }) => result ?? []);
  const example = found.find(({ status }) => status === 'completed');
  if (example) output.write(`\nOne of the results, shortened [${llm.label}]:\n${showResult(example)}\n`);

  const workflows = await countWorkflows(system.temporal, startedAt).catch(() => undefined);
  const ui = temporalUi(system.addresses.temporalUiUrl, system.config.temporal.namespace);
  const summary = describeSummary({
    verdict,
    records: [...sent.values()],
    results: found,
    deadLetters: deadLetters.size,
    workflows,
    elapsedMs,
    temporalUi: ui.workflows,
    llm,
  });
  output.write(`\n${summary}\n`);
  return verdict.ok ? 0 : 1;
}
