import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { projectRoot } from '../../runtime/project-root';

const run = promisify(execFile);

/** What TypeDoc has against the exports, by the settings of typedoc.json. */
async function complaints(): Promise<string> {
  const program = join(projectRoot(), 'node_modules', 'typedoc', 'bin', 'typedoc');
  try {
    await run(process.execPath, [program, '--emit', 'none', '--logLevel', 'Warn'], { cwd: projectRoot() });
    return '';
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    return stdout + stderr;
  }
}

test('every export has a docstring, what it mentions is exported too, and links lead somewhere', async () => {
  expect(await complaints()).toBe('');
}, 120_000);
