import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startManagedProcess } from '../../stack/managed-process';
import { isGroupAlive, signalGroup } from '../../stack/process-group';
import type { ServerContext, ServerEnd, ServerHandle } from '../../stack/types';
import { temporaryFolder } from './temporary-folder';
import { until } from './until';

const folder = temporaryFolder();
const onLeash = new Set<number>();
const running: ServerHandle[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
  const left = [...onLeash];
  onLeash.clear();
  left.forEach((pid) => signalGroup(pid, 'SIGKILL'));
  expect(left).toEqual([]);
});

function context(overrides: Partial<ServerContext> = {}): ServerContext {
  return {
    env: process.env,
    dataDir: folder(),
    logDir: join(folder(), 'logs'),
    ports: { reserve: (port) => Promise.resolve(port), release: () => {}, moved: [] },
    leash: {
      pid: undefined,
      add: (pid) => void onLeash.add(pid),
      remove: (pid) => void onLeash.delete(pid),
      release: () => {},
    },
    signal: new AbortController().signal,
    onStarted: (server) => void running.push(server),
    onUnexpectedEnd: () => {},
    onRestart: () => undefined,
    ...overrides,
  };
}

/** A server that is ready once it has made a file; `script` is JavaScript. */
function start(script: string, given = context(), killAfterMs?: number): Promise<ServerHandle> {
  const file = join(folder(), 'ready');
  const source = `${script}; require('fs').writeFileSync(${JSON.stringify(file)}, String(process.pid))`;
  return startManagedProcess(given, {
    name: 'server',
    command: process.execPath,
    args: ['--eval', source],
    killAfterMs,
    ready: async () => {
      if (!existsSync(file)) throw new Error('not yet');
    },
  });
}

const forever = 'setInterval(() => {}, 1000)';
const stubborn = `process.on('SIGTERM', () => {}); ${forever}`;

it('resolves when the server is ready, and stops it', async () => {
  const server = await start(forever);
  const pid = server.pid ?? 0;
  expect(onLeash).toContain(pid);
  await server.stop();
  expect(isGroupAlive(pid)).toBe(false);
  expect(server.pid).toBeUndefined();
});

it('kills one that does not listen to SIGTERM', async () => {
  const server = await start(stubborn, context(), 50);
  const pid = server.pid ?? 0;
  await server.stop();
  expect(isGroupAlive(pid)).toBe(false);
});

it('stops one that was put to sleep', async () => {
  const server = await start(forever);
  await server.kill('SIGSTOP');
  await server.stop();
  expect(server.pid).toBeUndefined();
});

it('ends what a server has started itself when that server dies', async () => {
  const child = join(folder(), 'child');
  const server = await start(
    `require('fs').writeFileSync(${JSON.stringify(child)}, String(require('child_process').spawn('sleep', ['600']).pid)); ${forever}`,
  );
  const childPid = Number(readFileSync(child, 'utf8'));
  process.kill(server.pid ?? 0, 'SIGKILL');
  await until(() => !isRunning(childPid));
});

it('kills and starts again', async () => {
  const server = await start(forever);
  const before = server.pid;
  await server.kill();
  expect(server.pid).toBeUndefined();
  await server.restart();
  expect(server.pid).toBeDefined();
  expect(server.pid).not.toBe(before);
});

it('stops one that still runs before it starts it again', async () => {
  const server = await start(forever);
  const before = server.pid ?? 0;
  await server.restart();
  expect(isGroupAlive(before)).toBe(false);
  expect(server.pid).toBeDefined();
});

it('tells about an end that nobody asked for, and about no other', async () => {
  const ends: ServerEnd[] = [];
  const server = await start(forever, context({ onUnexpectedEnd: (end) => void ends.push(end) }));
  await server.kill();
  await server.restart();
  expect(ends).toEqual([]);
  process.kill(server.pid ?? 0, 'SIGKILL');
  await until(() => ends.length > 0);
  expect(ends).toEqual([{ name: 'server', logFile: server.logFile, exitCode: null, signal: 'SIGKILL' }]);
});

it('names the log file of a server that ends instead of starting', async () => {
  const given = context();
  const starting = startManagedProcess(given, {
    name: 'broken',
    command: process.execPath,
    args: ['--eval', 'console.log("why"); process.exit(3)'],
    ready: () => Promise.reject(new Error('never')),
  });
  const logFile = join(given.logDir, 'broken.log');
  await expect(starting).rejects.toMatchObject({
    code: 'HW_STACK_FAILED',
    message: expect.stringContaining(logFile) as string,
  });
  expect(readFileSync(logFile, 'utf8')).toBe('why\n');
});

it('fails with a sentence when the program is not there', async () => {
  const starting = startManagedProcess(context(), {
    name: 'missing',
    command: join(folder(), 'nothing'),
    args: [],
    ready: () => Promise.reject(new Error('never')),
  });
  await expect(starting).rejects.toMatchObject({ code: 'HW_STACK_FAILED' });
});

it('stops a server that never becomes ready', async () => {
  const starting = startManagedProcess(context(), {
    name: 'silent',
    command: process.execPath,
    args: ['--eval', forever],
    readyTimeoutMs: 100,
    ready: () => Promise.reject(new Error('never')),
  });
  await expect(starting).rejects.toMatchObject({
    message: expect.stringContaining('did not answer') as string,
  });
});

it('stops a server whose start is given up, also while a check hangs', async () => {
  const controller = new AbortController();
  const starting = startManagedProcess(context({ signal: controller.signal }), {
    name: 'aborted',
    command: process.execPath,
    args: ['--eval', forever],
    ready: () => {
      controller.abort(new Error('given up'));
      return new Promise(() => {});
    },
  });
  await expect(starting).rejects.toThrow('given up');
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}
