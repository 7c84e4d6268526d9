import { readFile } from 'node:fs/promises';
import type { Stack } from '../stack/types';

/** Megabytes of memory a process has at the moment, and had at most. 0 when it is gone. https://man7.org/linux/man-pages/man5/proc_pid_status.5.html */
export async function memoryOf(pid: number | undefined): Promise<{ now: number; peak: number }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const megabytes = (field: string) =>
    Math.round(Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024);
  return { now: megabytes('VmRSS'), peak: megabytes('VmHWM') };
}

/** The servers of a stack by the name their process goes by. */
export function serverPids({ kafka, ...others }: Stack['servers']): Record<string, number | undefined> {
  const single = Object.entries(others).map(([name, server]) => [name, server?.pid] as const);
  return { kafka: kafka[0]?.pid, ...Object.fromEntries(single) };
}
