import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { Kafka, logLevel, type Admin } from 'kafkajs';
import type { FaultRates } from '../../../stack/llm-simulator/fault-names';
import { startStack } from '../../../stack/start-stack';
import type { Stack } from '../../../stack/types';
import { startProcess } from '../../support/processes';
import { configureTopic } from './configure-topic';
import { keepRunning, type KeptProcess } from './keep-running';
import { createKafkaProxy, type KafkaProxy } from './kafka-proxy';
import { createTcpProxy, type TcpProxy } from './tcp-proxy';

export interface WorldOptions {
  seed: number;
  brokers: 1 | 3;
  partitions: number;
  bridges: number;
  workers: number;
  /** Multiplies latencies of the LLM simulator: 5-10 s become 1-2 s with 0.2. */
  timeScale: number;
  /** Multiplies how long faults last. */
  faultScale: number;
  /** Folder for logs, data and dumps. */
  folder: string;
  /** More variables for bridges and workers. */
  env: Record<string, string>;
  say: (line: string) => void;
  signal: AbortSignal;
}

export const topics = { queue: 'x-jobs-queue', results: 'x-jobs-results', deadLetters: 'x-jobs-dlq' };
export const group = 'headway-bridge';

/** Real servers and processes, with a proxy between each of our processes and each server; and connections past the proxies. */
export interface World {
  options: WorldOptions;
  stack: Stack;
  kafka: Kafka;
  admin: Admin;
  client: Client;
  proxies: {
    kafka: KafkaProxy[];
    /** One for each of `bridges`; guests share the first one. */
    temporalOfBridges: TcpProxy[];
    temporalOfWorkers: TcpProxy;
    postgres: TcpProxy;
    llm: TcpProxy;
  };
  allProxies: TcpProxy[];
  bridges: KeptProcess[];
  workers: KeptProcess[];
  /** Every bridge and worker that was ever started, those that are gone for good among them. */
  everStarted: readonly KeptProcess[];
  /** A sentence for each server that ended though no fault ended it. */
  serverEnds: readonly string[];
  /** One more bridge, which is not in `bridges`: whoever starts it stops it. */
  startBridge(name: string): Promise<KeptProcess>;
  setLlmFaults(faults: { away?: boolean; rates?: FaultRates; pollRates?: FaultRates }): Promise<void>;
  /** Waits as long as a fault should last: scaled, and cut short when the run is stopped. */
  last(milliseconds: number): Promise<void>;
  /** Ends all bridges and workers for good, as `KeptProcess.stop` does; the servers go on. */
  stopProcesses(): Promise<void>;
  stop(): Promise<void>;
}

const proxyTo = (name: string, address: () => string): Promise<TcpProxy> =>
  createTcpProxy({ name, target: () => hostAndPort(address()) });

/** Starts everything, bridges and workers last. Whatever was started is stopped again when something fails. */
export async function createWorld(options: WorldOptions): Promise<World> {
  const { folder, brokers, say, signal } = options;
  mkdirSync(folder, { recursive: true });
  process.env.HEADWAY_STACK_FILE = join(folder, 'stack.json');
  const undo: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step().catch((error: unknown) => say(String(error)));
  };

  try {
    let listeners: Stack['kafkaListeners'] = [];
    const kafkaProxies: KafkaProxy[] = [];
    for (let index = 0; index < brokers; index++) {
      const target = () => hostAndPort(listeners[index]?.client ?? '127.0.0.1:1');
      const proxy = await createKafkaProxy({ name: `kafka-${index + 1}`, target });
      kafkaProxies.push(proxy);
      undo.push(() => proxy.close());
    }
    const stack = await startStack({
      dataDir: join(folder, 'data'),
      stateFile: process.env.HEADWAY_STACK_FILE,
      fresh: true,
      brokers,
      partitions: options.partitions,
      simulator: { seed: options.seed, timeScale: options.timeScale },
      advertisedKafkaPorts: kafkaProxies.map((proxy) => proxy.port),
      signal,
    });
    undo.push(() => stack.stop());
    listeners = stack.kafkaListeners;
    const serverEnds: string[] = [];
    stack.onServerEnd(({ name, exitCode, signal, logFile }) => {
      const sentence = `${name} ended by itself (${signal ?? exitCode}); see ${logFile}`;
      serverEnds.push(sentence);
      say(sentence);
    });
    stack.onServerRestart(({ name, reason }) => say(`the stack has restarted ${name}: ${reason}`));

    const { temporalAddress = '', databaseUrl = '', llmBaseUrl = '', temporalNamespace } = stack.addresses;
    const temporalOfBridges: TcpProxy[] = [];
    for (let bridge = 1; bridge <= options.bridges; bridge++)
      temporalOfBridges.push(await proxyTo(`bridge-${bridge}-temporal`, () => temporalAddress));
    const temporalOfWorkers = await proxyTo('worker-temporal', () => temporalAddress);
    const postgres = await proxyTo('postgres', () => new URL(databaseUrl).host);
    const llm = await proxyTo('llm', () => new URL(llmBaseUrl).host);
    const others = [...temporalOfBridges, temporalOfWorkers, postgres, llm];
    undo.push(() => Promise.all(others.map((proxy) => proxy.close())));

    const kafka = new Kafka({
      brokers: stack.kafkaListeners.map(({ internal }) => internal),
      clientId: 'fault-suite',
      logLevel: logLevel.NOTHING,
      retry: { retries: 2 },
    });
    const admin = kafka.admin();
    await admin.connect();
    undo.push(() => admin.disconnect());
    // Whether a dead letter was there before a commit is a question for the broker's clock, not for that of its sender.
    await configureTopic(admin, topics.deadLetters, 'message.timestamp.type', 'LogAppendTime');
    const connection = await Connection.connect({ address: temporalAddress });
    undo.push(() => connection.close());
    const client = new Client({ connection, namespace: temporalNamespace });

    const through = (url: string, proxy: TcpProxy) => {
      const changed = new URL(url);
      changed.host = `127.0.0.1:${proxy.port}`;
      return changed.toString();
    };
    const environment = (temporal: TcpProxy): Record<string, string> => ({
      KAFKA_BROKERS: kafkaProxies.map((proxy) => `127.0.0.1:${proxy.port}`).join(','),
      TEMPORAL_ADDRESS: `127.0.0.1:${temporal.port}`,
      TEMPORAL_NAMESPACE: temporalNamespace ?? 'default',
      DATABASE_URL: through(databaseUrl, postgres),
      OPENAI_BASE_URL: through(llmBaseUrl, llm).replace(/\/$/, ''),
      LOG_LEVEL: 'info',
      ...options.env,
    });
    const everStarted: KeptProcess[] = [];
    const keep = (kind: 'bridge' | 'worker', name: string, temporal: TcpProxy) => {
      const [entry, up] =
        kind === 'bridge'
          ? (['bridge/kafka/main.js', /joined the group/] as const)
          : (['workers/main.js', /worker is up/] as const);
      const logFile = join(folder, 'logs', `${name}.log`);
      const start = () => startProcess(entry, environment(temporal), logFile);
      const kept = keepRunning({ name, up, start });
      everStarted.push(kept);
      return kept;
    };
    const stopProcesses = async () => void (await Promise.all(everStarted.map((one) => one.stop())));
    undo.push(stopProcesses);
    mkdirSync(join(folder, 'logs'), { recursive: true });
    const startBridge = async (name: string, temporal = temporalOfBridges[0]!) =>
      keep('bridge', name, temporal);
    const names = (kind: string, count: number) =>
      Array.from({ length: count }, (_, index) => `${kind}-${index + 1}`);
    const workers = names('worker', options.workers).map((name) => keep('worker', name, temporalOfWorkers));
    const bridges = names('bridge', options.bridges).map((name, index) =>
      keep('bridge', name, temporalOfBridges[index]!),
    );
    await Promise.all([...workers, ...bridges].map((one) => one.isUp()));

    return {
      options,
      stack,
      kafka,
      admin,
      client,
      proxies: { kafka: kafkaProxies, temporalOfBridges, temporalOfWorkers, postgres, llm },
      allProxies: [...kafkaProxies, ...others],
      bridges,
      workers,
      everStarted,
      serverEnds,
      stopProcesses,
      startBridge,
      async setLlmFaults(faults) {
        const url = new URL('/simulator/faults', llmBaseUrl);
        const response = await fetch(url, { method: 'PUT', body: JSON.stringify(faults) });
        if (!response.ok) throw new Error(`LLM simulator: ${await response.text()}`);
      },
      last: (milliseconds) =>
        delay(milliseconds * options.faultScale, undefined, { signal }).catch(() => undefined),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function hostAndPort(address: string): { host: string; port: number } {
  const { hostname, port } = new URL(`tcp://${address}`);
  return { host: hostname, port: Number(port) };
}
