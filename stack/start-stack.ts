import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { HeadwayError, messageOf } from '../contracts/errors';
import { type LocalStack, localStackFile } from '../runtime/local-stack';
import { workFolder } from '../runtime/project-root';
import { install } from './install';
import { createLeash } from './leash';
import { claimOwnership } from './ownership';
import { createPorts } from './ports';
import { startServers } from './start-servers';
import { removeStateFile, writeStateFile } from './state-file';
import {
  allComponents,
  type Component,
  type ServerContext,
  type ServerEnd,
  type ServerHandle,
  type ServerRestart,
  type Stack,
  type StackOptions,
} from './types';

/** The variables that make the stack leave a component out, because the user has one already. */
const explicitAddress: Record<Component, readonly string[]> = {
  kafka: ['KAFKA_BROKERS'],
  temporal: ['TEMPORAL_ADDRESS', 'TEMPORAL_PROFILE', 'TEMPORAL_CONFIG_FILE'],
  postgres: ['DATABASE_URL'],
  llm: ['OPENAI_API_KEY', 'OPENAI_BASE_URL'],
};

/**
 * Starts real servers on this machine, all of them on 127.0.0.1, and resolves when they answer and the state file is written.
 * Throws HW_PREREQUISITE_MISSING before any server is started, HW_STACK_FAILED, or the reason of `options.signal`;
 * nothing runs any more then.
 */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const env = options.env ?? process.env;
  const dataDir = options.dataDir ?? join(workFolder(), '.headway', 'stack');
  const stateFile = options.stateFile ?? localStackFile(env);
  const onProgress = options.onProgress ?? (() => {});
  const components = componentsToStart(options);

  const running: ServerHandle[] = [];
  const listeners: ((end: ServerEnd) => void)[] = [];
  const restartListeners: ((restart: ServerRestart) => void)[] = [];
  const claims: (() => void)[] = [];
  const stopping = new AbortController();
  const leash = createLeash();
  const ports = createPorts(leash.pid);
  const context: ServerContext = {
    env,
    dataDir,
    logDir: join(dataDir, 'logs'),
    ports,
    leash,
    signal: options.signal ? AbortSignal.any([options.signal, stopping.signal]) : stopping.signal,
    onStarted: (server) => void running.push(server),
    onUnexpectedEnd: (end) => listeners.forEach((listener) => listener(end)),
    onRestart: (restart) => restartListeners.forEach((listener) => listener(restart)),
  };

  const stopAll = async () => {
    // Nobody should find servers that are on their way out.
    if (claims.length > 0) removeStateFile(stateFile);
    stopping.abort(new Error('The stack was stopped.'));
    await Promise.allSettled(running.map((server) => server.stop()));
    ports.release();
    claims.forEach((giveUp) => giveUp());
    leash.release();
  };
  let stopped: Promise<void> | undefined;
  const stop = () => (stopped ??= stopAll());

  const start = async (): Promise<Stack> => {
    claims.push(await claimOwnership(`${stateFile}.owner`, leash.pid, context.signal));
    claims.push(await claimOwnership(`${dataDir}.owner`, leash.pid, context.signal));
    removeStateFile(stateFile);
    const programs = await install({ components, env, leash, signal: context.signal, onProgress });
    await removeOldFiles(dataDir, options.fresh ?? false);
    const started = await startServers(context, options, components, programs, onProgress);
    context.signal.throwIfAborted();
    const stack: LocalStack = { pid: process.pid, startedAt: new Date().toISOString(), ...started.addresses };
    writeStateFile(stateFile, stack);
    const { servers, kafkaListeners } = started;
    const onServerEnd = (listener: (end: ServerEnd) => void) => void listeners.push(listener);
    const onServerRestart = (listener: (restart: ServerRestart) => void) =>
      void restartListeners.push(listener);
    return {
      addresses: stack,
      kafkaListeners,
      movedPorts: ports.moved,
      temporalCli: programs.temporal,
      servers,
      onServerEnd,
      onServerRestart,
      stop,
    };
  };
  try {
    return await start();
  } catch (error) {
    await stop();
    options.signal?.throwIfAborted();
    if (error instanceof HeadwayError) throw error;
    const text = `The stack could not be started: ${messageOf(error)}. Its logs are in ${context.logDir}.`;
    throw new HeadwayError('HW_STACK_FAILED', text, { cause: error });
  }
}

/** The components `startStack` starts: those asked for that have no explicit address. */
export function componentsToStart(options: StackOptions): Component[] {
  const env = options.env ?? process.env;
  return (options.components ?? allComponents).filter(
    (component) => !explicitAddress[component].some((name) => (env[name] ?? '') !== ''),
  );
}

/** Only the folders the stack makes: the user may have given a folder with other things in it. */
async function removeOldFiles(dataDir: string, fresh: boolean): Promise<void> {
  const folders = fresh ? ['logs', 'kafka', 'temporal', 'postgres', 'payloads'] : ['logs'];
  await Promise.all(folders.map((name) => rm(join(dataDir, name), { recursive: true, force: true })));
}
