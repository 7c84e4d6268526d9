import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { workFolder } from './project-root';

/** What a running local stack tells the other processes: written by stack/, read through the configuration. */
export const localStackSchema = z.object({
  pid: z.number().int(),
  startedAt: z.string(),
  kafkaBrokers: z.string().optional(),
  temporalAddress: z.string().optional(),
  temporalNamespace: z.string().optional(),
  temporalUiUrl: z.string().optional(),
  /** As in PAYLOAD_STORE. */
  payloadStore: z.string().optional(),
  databaseUrl: z.string().optional(),
  llmBaseUrl: z.string().optional(),
});

export type LocalStack = z.infer<typeof localStackSchema>;

/** Path of the state file. `HEADWAY_STACK_FILE` moves it, so that several stacks can run side by side. */
export function localStackFile(env: NodeJS.ProcessEnv = process.env): string {
  return env.HEADWAY_STACK_FILE ?? join(workFolder(), '.headway', 'stack.json');
}

/** The running local stack, or undefined when there is none (no file, or its process is gone). */
export function readLocalStack(env: NodeJS.ProcessEnv = process.env): LocalStack | undefined {
  let text: string;
  try {
    text = readFileSync(localStackFile(env), 'utf8');
  } catch {
    return undefined;
  }
  const parsed = localStackSchema.safeParse(parseJson(text));
  return parsed.success && isAlive(parsed.data.pid) ? parsed.data : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
