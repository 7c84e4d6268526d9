import { commands } from '../../cli/commands';
import { runCli } from '../../cli/run-cli';
import { apiKeySchema, hashApiKey } from '../../runtime/api-keys';
import { createContext } from './support';

async function run(...args: string[]) {
  const { context, stdout, stderr } = createContext();
  const exitCode = await runCli(['api-key', ...args], context, commands);
  return { exitCode, stdout: stdout(), stderr: stderr() };
}

test('makes another key each time, and the entry that the HTTP door knows it by', async () => {
  const [one, two] = [await run('--name', 'a', '--tenant', 't'), await run('--name', 'a', '--tenant', 't')];
  const [key = '', entry = ''] = one.stdout.split('\n');
  expect(two.stdout).not.toContain(key);
  expect(apiKeySchema.parse(JSON.parse(entry))).toEqual({
    name: 'a',
    sha256: hashApiKey(key),
    tenant: 't',
    scopes: ['read', 'submit', 'cancel', 'retry'],
  });
});

test('takes scopes, and refuses what the door would refuse', async () => {
  const { stdout } = await run('--name', 'a', '--tenant', '*', '--scope', 'read', 'submit', '--json');
  expect(JSON.parse(stdout)).toMatchObject({ entry: { tenant: '*', scopes: ['read', 'submit'] } });
  const wrong = await run('--name', 'a b', '--tenant', 't');
  expect(wrong).toMatchObject({ exitCode: 2, stdout: '' });
  expect(wrong.stderr).toContain('--name: must be 1 to 64 letters');
});
