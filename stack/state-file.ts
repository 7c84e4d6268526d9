import { rmSync } from 'node:fs';
import type { LocalStack } from '../runtime/local-stack';
import { writeJsonAtomically } from './write-atomically';

/** Writes the addresses for other processes to find. They see the whole file or none. */
export function writeStateFile(file: string, stack: LocalStack): void {
  writeJsonAtomically(file, stack);
}

/** Removes the file; one that is gone already is no error. */
export function removeStateFile(file: string): void {
  rmSync(file, { force: true });
}
