import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { lock } from 'proper-lockfile';
import { HeadwayError } from '../contracts/errors';
import { writeJsonAtomically } from './write-atomically';

interface Owner {
  pid: number;
  /** Tells a process from a later one that got the same number. Empty where the system does not say. */
  bornAt: string;
  leashPid?: number;
}

/**
 * Makes this process the only stack that uses what `ownerFile` stands for. Returns the function that gives it up again.
 * Throws HW_STACK_FAILED, naming the process, when another one has it. Waits for the servers of a killed one to end.
 */
export async function claimOwnership(
  ownerFile: string,
  leashPid?: number,
  signal?: AbortSignal,
): Promise<() => void> {
  mkdirSync(dirname(ownerFile), { recursive: true });
  const release = await lock(ownerFile, {
    realpath: false,
    retries: { retries: 60, minTimeout: 50, maxTimeout: 250 },
  });
  try {
    const owner = readOwner(ownerFile);
    if (owner !== undefined) {
      if (bornAt(owner.pid) === owner.bornAt) {
        throw new HeadwayError(
          'HW_STACK_FAILED',
          `A local stack is already running as process ${owner.pid}. Use it, stop it with Ctrl-C, ` +
            'or give this one a HEADWAY_STACK_FILE and a --data-dir of its own.',
        );
      }
      if (owner.leashPid !== undefined) await waitUntilGone(owner.leashPid, signal);
    }
    writeJsonAtomically(ownerFile, {
      pid: process.pid,
      bornAt: bornAt(process.pid) ?? '',
      leashPid,
    } satisfies Owner);
  } finally {
    await release();
  }
  return () => rmSync(ownerFile, { force: true });
}

function readOwner(file: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Owner;
  } catch {
    return undefined;
  }
}

/** Undefined when no such process runs. */
function bornAt(pid: number): string | undefined {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return undefined;
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Field 3 is the state, Z for one that is dead but still listed; field 22 is the start time. The name in field 2
    // may hold spaces.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : (fields[19] ?? '');
  } catch {
    return '';
  }
}

async function waitUntilGone(pid: number, signal?: AbortSignal): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (bornAt(pid) !== undefined && performance.now() < deadline) {
    await delay(50, undefined, { signal });
  }
}
