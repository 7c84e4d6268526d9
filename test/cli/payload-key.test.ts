import { commands } from '../../cli/commands';
import { runCli } from '../../cli/run-cli';
import { ConfigProblems } from '../../runtime/config/problems';
import { readPayloadKeys } from '../../runtime/payload-keys/payload-keys';
import { createContext } from './support';

async function run(...args: string[]) {
  const { context, stdout, stderr } = createContext();
  const exitCode = await runCli(['payload-key', ...args], context, commands);
  return { exitCode, stdout: stdout(), stderr: stderr() };
}

test('makes another key each time, as PAYLOAD_KEYS takes it, and nothing else on standard output', async () => {
  const [one, two] = [await run('--id', 'first'), await run('--id', 'second')];
  const problems = new ConfigProblems();
  const keys = readPayloadKeys(`${one.stdout.trim()},${two.stdout.trim()}`, problems) ?? [];
  expect(problems.none).toBe(true);
  expect(keys.map(({ id }) => id)).toEqual(['first', 'second']);
  expect(keys[0]!.bytes).toHaveLength(32);
  expect(keys[0]!.bytes).not.toEqual(keys[1]!.bytes);
});

test('names a key after the day, and refuses a name that PAYLOAD_KEYS could not hold', async () => {
  expect((await run()).stdout).toMatch(/^\d{4}-\d\d-\d\d:/);
  expect((await run()).stderr).toMatch(
    /A second key of one day needs another id: --id \d{4}-\d\d-\d\d-b\.\n$/,
  );
  expect((await run('--id', 'first')).stderr).not.toContain('second key');
  const wrong = await run('--id', 'a,b');
  expect(wrong).toMatchObject({ exitCode: 2, stdout: '' });
  expect(wrong.stderr).toContain('--id: must be');
});
