import type { CliContext } from './context';
import type { SeenJob } from './follow-jobs';
import { errorOf, stageOf, tookOf } from './format-job';
import { createLiveTable } from './live-table';
import { formatTable, printJsonLine } from './output';
import { printableLine } from './printable';

export interface WatchView {
  show(changed: readonly SeenJob[]): void;
}

/** How watched jobs are shown: as a table that is drawn again on a terminal, else as a line for each change. */
export function createWatchView(ids: readonly string[], context: CliContext, json = false): WatchView {
  if (json) return { show: (changed) => changed.forEach((job) => printJsonLine(context, toJson(job))) };
  if (context.stdout.isTTY === true && context.env.TERM !== 'dumb') return createTable(ids, context);
  return {
    show(changed) {
      for (const job of changed) context.stdout.write(`${cells(job).filter(Boolean).join('  ')}\n`);
    },
  };
}

function createTable(ids: readonly string[], { stdout }: CliContext): WatchView {
  const table = createLiveTable(stdout);
  const rows = new Map<string, string[]>(ids.map((id) => [id, [id, '', '', '']]));
  const over = new Set<string>();
  return {
    show(changed) {
      for (const job of changed) {
        rows.set(job.id, cells(job));
        if (job.over) over.add(job.id);
      }
      // What still goes on is what somebody watches for, where there is no room for all.
      const sorted = [...rows].sort(([a], [b]) => Number(over.has(a)) - Number(over.has(b)));
      const ended = `${over.size} of ${rows.size} have ended`;
      table.draw([...formatTable(sorted.map(([, row]) => row)).split('\n'), ended]);
    },
  };
}

function cells({ id, view, over }: SeenJob): string[] {
  if (!view) return [id, over ? 'unknown' : 'not known yet', '', ''];
  const error = errorOf(view) ?? lastError(view.lastError);
  return [id, view.status, stageOf(view) ?? tookOf(view) ?? '', printableLine(error)];
}

function lastError(error: { type: string; message: string } | undefined): string {
  return error ? `${error.type}: ${error.message}` : '';
}

function toJson({ id, view, over }: SeenJob): object {
  return view ?? { id, status: over ? 'unknown' : 'not_known_yet' };
}
