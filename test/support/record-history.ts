import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import { projectRoot } from '../../runtime/project-root';

const { History } = temporal.api.history.v1;

export const historiesFolder = join(projectRoot(), 'test', 'fixtures', 'histories');

/** With RECORD_HISTORIES=1, keeps the history of a finished workflow for the replay test. */
export async function recordHistory(client: Client, workflowId: string, name: string): Promise<void> {
  if (process.env.RECORD_HISTORIES !== '1') return;
  const history = await client.workflow.getHandle(workflowId).fetchHistory();
  await mkdir(historiesFolder, { recursive: true });
  const plain = History.toObject(History.fromObject(history), {
    longs: String,
    bytes: String,
    enums: String,
  });
  // Stack traces would name the folders of whoever recorded.
  const text = JSON.stringify(plain, undefined, 1).replaceAll(projectRoot(), '/headway');
  await writeFile(join(historiesFolder, `${name}.json`), `${text}\n`);
}

export function readHistory(name: string): temporal.api.history.v1.History {
  const plain: unknown = JSON.parse(readFileSync(join(historiesFolder, `${name}.json`), 'utf8'));
  return History.fromObject(plain as Record<string, unknown>);
}
