import { commands } from '../../cli/commands';
import { runCli } from '../../cli/run-cli';
import { createContext } from './support';

test.each([[[]], [['--json']]])('shows no password that an address has, with %p', async (form) => {
  const { context, stdout } = createContext({
    HEADWAY_STACK_FILE: '/nothing/at/all',
    OPENAI_API_KEY: 'anything',
    OPENAI_BASE_URL: 'https://team:geheim@127.0.0.1:9/v1',
  });
  await runCli(['doctor', ...form], context, commands);
  expect(stdout()).toMatch(/127\.0\.0\.1:9 does not answer: .*https:\/\/team:\[redacted\]@127/);
  expect(stdout()).not.toContain('geheim');
});
