import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isFree } from '../../stack/ports';
import { readLocalStack } from '../../runtime/local-stack';
import { fakePrograms } from './fake-programs';
import { runStack, type StackProcess } from './stack-process';
import { temporaryFolder } from './temporary-folder';
import { until } from './until';

const folder = temporaryFolder();
const stateFile = () => join(folder(), 'stack.json');
const runs = (stack: StackProcess, text: string) =>
  stack.processes().some(({ command }) => command.includes(text));
const portsOf = (stack: StackProcess) =>
  new Set([...stack.output().matchAll(/127\.0\.0\.1:(\d+)/g)].map((match) => Number(match[1])));

async function expectNothingLeft(stack: StackProcess): Promise<void> {
  // The leash ends when it sees that we are gone; everything else has to be gone already.
  expect(stack.processes().filter(({ command }) => !command.includes('leash-main'))).toEqual([]);
  await until(() => stack.processes().length === 0);
  expect(existsSync(stateFile())).toBe(false);
  expect(existsSync(`${stateFile()}.owner`)).toBe(false);
  for (const port of portsOf(stack)) expect([port, await isFree(port)]).toEqual([port, true]);
}

const moments: [string, (stack: StackProcess) => boolean][] = [
  ['has claimed its folder', () => existsSync(`${stateFile()}.owner`)],
  ['formats the broker', (stack) => runs(stack, 'StorageTool')],
  ['starts the broker', (stack) => runs(stack, 'kafka.Kafka')],
  ['has its first server', (stack) => stack.output().includes('ok ')],
  ['is up', (stack) => stack.output().includes('The stack is up')],
];

it.each(moments)('leaves nothing running when it is interrupted once it %s', async (_, isReached) => {
  const stack = runStack(folder());
  await until(() => isReached(stack));
  stack.child.kill('SIGINT');
  expect(await stack.exited).toBe(130);
  await expectNothingLeft(stack);
});

it('ends at SIGTERM too', async () => {
  const stack = runStack(folder(), { KAFKA_BROKERS: '127.0.0.1:1' });
  await until(() => readLocalStack({ HEADWAY_STACK_FILE: stateFile() }) !== undefined);
  stack.child.kill('SIGTERM');
  expect(await stack.exited).toBe(143);
  await expectNothingLeft(stack);
});

it.each([
  ['mvn', { TEMPORAL_ADDRESS: '127.0.0.1:1' }],
  ['go', { KAFKA_BROKERS: '127.0.0.1:1' }],
])(
  'leaves nothing running when it is interrupted while %s works, and no half-filled cache',
  async (tool, env) => {
    const marker = join(folder(), 'busy');
    const bin = fakePrograms(folder(), {
      [tool]: `case $1 in *version) echo go version go1.25.0; exit;; esac; sleep 600 & touch ${marker}; wait`,
      java: `echo 'openjdk version "17.0.1"' >&2`,
    });
    const cache = join(folder(), 'cache');
    const offline = {
      PATH: `${bin}:/bin:/usr/bin`,
      HEADWAY_CACHE_DIR: cache,
      HTTPS_PROXY: 'http://127.0.0.1:9',
    };
    const stack = runStack(folder(), { ...env, ...offline });
    await until(() => existsSync(marker));
    stack.child.kill('SIGINT');
    expect(await stack.exited).toBe(130);
    await expectNothingLeft(stack);
    const [entry = ''] = readdirSync(cache);
    expect(readdirSync(join(cache, entry))).toEqual([]);
  },
);

it('takes its servers along when it is killed, and a new one starts at once', async () => {
  const env = { TEMPORAL_ADDRESS: '127.0.0.1:1', OPENAI_BASE_URL: 'http://127.0.0.1:1' };
  const stack = runStack(folder(), env);
  await until(() => stack.output().includes('The stack is up'));
  stack.child.kill('SIGKILL');
  await stack.exited;

  const next = runStack(folder(), env);
  await until(() => next.output().includes('The stack is up'));
  expect(next.processes().filter(({ command }) => command.includes('kafka.Kafka'))).toHaveLength(1);
  next.child.kill('SIGINT');
  expect(await next.exited).toBe(130);
  await expectNothingLeft(next);
});

it('refuses to start twice, and lets the first one be', async () => {
  const env = {
    KAFKA_BROKERS: '127.0.0.1:1',
    TEMPORAL_ADDRESS: '127.0.0.1:1',
    DATABASE_URL: 'postgresql://127.0.0.1',
  };
  const first = runStack(folder(), env);
  await until(() => first.output().includes('The stack is up'));
  const second = runStack(folder(), env);
  expect(await second.exited).toBe(1);
  expect(second.output()).toContain(`A local stack is already running as process ${first.child.pid}.`);
  expect(second.output()).not.toMatch(/^\s+at /m);
  expect(readLocalStack({ HEADWAY_STACK_FILE: stateFile() })?.pid).toBe(first.child.pid);
  first.child.kill('SIGINT');
  expect(await first.exited).toBe(130);
  await expectNothingLeft(first);
});

it('says in a sentence what is missing, and starts nothing', async () => {
  const stack = runStack(folder(), { PATH: folder(), JAVA_HOME: '' });
  expect(await stack.exited).toBe(1);
  expect(stack.output()).toMatch(
    /^stack: Kafka needs Java 17 or newer, and no java was found\. .*KAFKA_BROKERS.*\nHW_PREREQ/,
  );
  expect(stack.output()).not.toMatch(/^\s+at /m);
  await expectNothingLeft(stack);
});
