import { commands } from '../../cli/commands';
import { exitCodes } from '../../cli/exit-codes';
import { runCli } from '../../cli/run-cli';
import { newPayloadKey } from '../../runtime/payload-keys/payload-keys';
import { endProcesses, startProcess } from '../support/processes';
import { createContext } from './support';

const uiOrigin = 'http://127.0.0.1:8233';

afterEach(endProcesses);

test('serves until it is interrupted', async () => {
  const env = { PAYLOAD_KEYS: newPayloadKey('one') };
  const args = ['codec-server', '--ui-origin', uiOrigin, '--port', '0'];
  const server = startProcess('cli/main.js', env, undefined, args);
  const [address] = /http:\/\/127\.0\.0\.1:\d+/.exec(await server.logged(/Codec server/)) ?? [];
  const headers = { 'content-type': 'application/json', origin: uiOrigin };
  const response = await fetch(`${address}/decode`, { method: 'POST', headers, body: '{"payloads":[]}' });
  expect(await response.json()).toEqual({ payloads: [] });
  await server.kill('SIGINT');
  expect(await server.ended).toEqual({ code: 130, signal: null });
}, 30_000);

test.each<[string, NodeJS.ProcessEnv, string[], string]>([
  ['there is no key', {}, ['--ui-origin', uiOrigin], 'PAYLOAD_KEYS must be set'],
  [
    'the origin has a path',
    { PAYLOAD_KEYS: newPayloadKey('a') },
    ['--ui-origin', `${uiOrigin}/ui`],
    '--ui-origin: must be',
  ],
  [
    'others could reach it',
    { PAYLOAD_KEYS: newPayloadKey('a') },
    ['--ui-origin', uiOrigin, '--host', '0.0.0.0'],
    'HTTP_API_KEYS must be set',
  ],
])('refuses to start when %s', async (_, env, args, sentence) => {
  const { context, stderr } = createContext(env);
  expect(await runCli(['codec-server', ...args], context, commands)).toBe(exitCodes.usage);
  expect(stderr()).toContain(sentence);
});
