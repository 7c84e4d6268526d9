import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readLocalStack } from '../../runtime/local-stack';
import { removeStateFile, writeStateFile } from '../../stack/state-file';
import { temporaryFolder } from './temporary-folder';

const folder = temporaryFolder();

it('is found by other processes while it is there, and only then', () => {
  const file = join(folder(), 'deep', 'stack.json');
  const stack = { pid: process.pid, startedAt: new Date().toISOString(), kafkaBrokers: '127.0.0.1:9092' };
  writeStateFile(file, stack);
  expect(readLocalStack({ HEADWAY_STACK_FILE: file })).toEqual(stack);
  expect(readdirSync(join(folder(), 'deep'))).toEqual(['stack.json']);

  removeStateFile(file);
  expect(readLocalStack({ HEADWAY_STACK_FILE: file })).toBeUndefined();
  expect(existsSync(file)).toBe(false);
  expect(() => removeStateFile(file)).not.toThrow();
});
