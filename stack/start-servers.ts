import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { LocalStack } from '../runtime/local-stack';
import type { Programs } from './install';
import { groupCoordinatorAnswers } from './kafka/coordinator';
import { startKafka } from './kafka/server';
import { createTopics } from './kafka/topics';
import { startPostgres } from './postgres/server';
import { type OnProgress, withProgress } from './progress';
import { startSimulator } from './simulator';
import { startTemporal } from './temporal/server';
import type { Component, ServerContext, Stack, StackOptions } from './types';

const defaultPorts = { kafka: 9092, temporal: 7233, temporalUi: 8233, postgres: 15432, llm: 8089 };

export interface StartedServers {
  servers: Stack['servers'];
  addresses: Omit<LocalStack, 'pid' | 'startedAt'>;
  kafkaListeners: Stack['kafkaListeners'];
}

/** Starts the components side by side. When one fails the others are given up too; throws that failure once all have ended. */
export async function startServers(
  given: ServerContext,
  options: StackOptions,
  components: readonly Component[],
  programs: Programs,
  onProgress: OnProgress,
): Promise<StartedServers> {
  const ports = { ...defaultPorts, ...options.ports };
  const failed = new AbortController();
  const context = { ...given, signal: AbortSignal.any([given.signal, failed.signal]) };
  const ifWanted = async <T>(component: Component, start: () => Promise<T>): Promise<T | undefined> => {
    if (!components.includes(component)) return undefined;
    return start().catch((error: unknown) => {
      failed.abort(error);
      throw error;
    });
  };

  const starts = [
    ifWanted('kafka', () =>
      withProgress(
        onProgress,
        'Kafka',
        () => startKafkaWithTopics(context, options, programs, ports.kafka),
        ({ brokers }) => brokers.join(', '),
      ),
    ),
    ifWanted('temporal', () =>
      withProgress(
        onProgress,
        'Temporal',
        () =>
          startTemporal(context, {
            binary: programs.temporal ?? 'temporal',
            preferredPort: ports.temporal,
            preferredUiPort: ports.temporalUi,
            namespace: context.env.TEMPORAL_NAMESPACE || 'default',
          }),
        ({ address }) => address,
      ),
    ),
    ifWanted('postgres', () =>
      withProgress(
        onProgress,
        'PostgreSQL',
        () => startPostgres(context, { preferredPort: ports.postgres }),
        ({ databaseUrl }) => databaseUrl,
      ),
    ),
    ifWanted('llm', () =>
      withProgress(
        onProgress,
        'LLM simulator',
        () => startSimulator(context, { ...options.simulator, preferredPort: ports.llm }),
        ({ baseUrl }) => baseUrl,
      ),
    ),
  ] as const;
  await Promise.allSettled(starts);
  context.signal.throwIfAborted();
  const [kafka, temporal, postgres, llm] = await Promise.all(starts);
  return {
    servers: {
      kafka: kafka?.servers ?? [],
      temporal: temporal?.server,
      postgres: postgres?.server,
      llm: llm?.server,
    },
    addresses: {
      kafkaBrokers: kafka?.brokers.join(','),
      temporalAddress: temporal?.address,
      temporalNamespace: temporal?.namespace,
      temporalUiUrl: temporal?.uiUrl,
      payloadStore: temporal && pathToFileURL(makePayloadFolder(context.dataDir)).href,
      databaseUrl: postgres?.databaseUrl,
      llmBaseUrl: llm?.baseUrl,
    },
    kafkaListeners: kafka?.listeners ?? [],
  };
}

function makePayloadFolder(dataDir: string): string {
  const folder = join(dataDir, 'payloads');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

async function startKafkaWithTopics(
  context: ServerContext,
  options: StackOptions,
  programs: Programs,
  preferredPort: number,
) {
  const { env } = context;
  const brokers = options.brokers ?? 1;
  const kafka = await startKafka(context, {
    brokers,
    java: programs.java ?? 'java',
    jars: programs.kafkaJars ?? '',
    preferredPort,
    advertisedPorts: options.advertisedKafkaPorts,
  });
  const internal = kafka.listeners.map((listener) => listener.internal);
  await createTopics({
    brokers: internal,
    queue: options.topics?.queue ?? env.QUEUE_TOPIC ?? 'x-jobs-queue',
    results: options.topics?.results ?? env.RESULTS_TOPIC ?? 'x-jobs-results',
    dlq: options.topics?.dlq ?? env.DLQ_TOPIC ?? 'x-jobs-dlq',
    partitions: options.partitions ?? 12,
    replicas: brokers,
  });
  await groupCoordinatorAnswers(internal, env.KAFKA_GROUP_ID || 'headway-bridge');
  return kafka;
}
