import type { Client } from '@temporalio/client';
import type { Kafka } from 'kafkajs';
import { jobLimits } from '../../contracts/limits';
import type { Pipeline } from '../../pipelines/define-pipeline';
import type { Config } from '../../runtime/config/config';
import type { Logger } from '../../runtime/logger';
import type { BridgeMetrics } from '../../runtime/metrics';
import type { Readiness } from '../../runtime/status-server';
import { withoutPayloadStore } from '../../runtime/temporal';
import type { JobIdLedger } from '../job-id-ledger';
import {
  createPackStarter,
  packInput,
  type PackStarterOptions,
  type PackToStart,
  type StartPack,
} from '../start-pack';
import { createBackpressure } from './backpressure';
import { createClaimJobIds } from './claim-job-ids';
import { createCommitter } from './committer';
import { createFindExistingPacks } from './existing-packs';
import { createDeadLetters } from './dead-letters';
import { engineLoads } from './engine-load';
import { createHandOver } from './hand-over';
import { createQueueConsumer } from './queue-consumer';
import { readRecord } from './read-record';
import { createRequests } from './requests';
import { createUntilDone } from './until-done';

export interface BridgeOptions {
  kafka: Kafka;
  client: Client;
  config: Pick<Config, 'bridge' | 'topics' | 'temporal'>;
  pipelineNamed: (name: string) => Pipeline;
  /** Absent: a record with a job id that came before is a job of its own. */
  ledger?: JobIdLedger;
  logger: Logger;
  metrics?: BridgeMetrics;
}

export interface Bridge {
  /** Reads and hands over until `stop`. Never throws: whatever is away is waited for. */
  run(): Promise<void>;
  /** Finishes the starts that are under way, commits them, leaves the group. */
  stop(): Promise<void>;
  readiness(): Readiness;
}

/** More than a bridge should have: a partition that rests (`PACK_LINGER_MS`) must not keep others waiting. What is asked of servers has limits of its own. */
const PARTITIONS_AT_ONCE = 500;

/** The deadline of the request begins before the payload is stored. Nobody waits for it that long (`requests.ts`). */
const STORED_START_MS = 120_000;
const STORED_MARGIN_BYTES = 1_024;

/**
 * The Kafka door: reads the queue topic, makes each record durable as a job in a workflow (or as a dead letter), and moves the
 * offset on at once. It keeps nothing of its own, so any number of bridges can share a group.
 */
export function createBridge({
  kafka,
  client,
  config,
  pipelineNamed,
  ledger,
  logger,
  metrics,
}: BridgeOptions): Bridge {
  const { bridge, topics, temporal } = config;
  const limits = jobLimits(temporal.payloadStore !== undefined);
  const stopping = new AbortController();
  const trouble = createUntilDone(logger, stopping.signal);
  const backpressure = createBackpressure({
    loads: engineLoads(client, config),
    onPause: () => {
      metrics?.paused.set(1);
      consumer.pause();
    },
    onResume: () => {
      metrics?.paused.set(0);
      consumer.resume();
    },
    onLevel: (load, packs) => metrics?.engineLoad.set({ load }, packs),
    logger,
  });
  const deadLetters = createDeadLetters(kafka, topics.deadLetters, bridge.groupId);
  const committer = createCommitter(
    (next) => consumer.commit(next),
    logger,
    (partition, next) => metrics?.committedOffset.set({ topic: topics.queue, partition }, Number(next)),
  );
  const starter = { client, pipelineNamed, ...temporal };
  const watched =
    (startPack: StartPack): StartPack =>
    async (pack) => {
      const observe = metrics?.startDuration.startTimer();
      const started = await backpressure.watch(() => startPack(pack));
      observe?.();
      return started;
    };
  const requests = createRequests({
    startPack: watched(createPackStarter({ ...starter, client: withoutPayloadStore(client) })),
    startStoredPack: watched(createPackStarter({ ...starter, requestTimeoutMs: STORED_START_MS })),
    isStored: (pack) => isStored(pack, starter, temporal.payloadStore?.thresholdBytes),
    stopping: stopping.signal,
    findExistingPacks: createFindExistingPacks(client),
    sendDeadLetters: (poison) => deadLetters.send(poison),
    claim: ledger && ((jobs) => ledger.claim(jobs)),
    // The server saturates at 8 starts at a time; more only make each one slower (p99 1.6-3.4 s at 128).
    concurrency: bridge.startConcurrency,
  });
  const { claim } = requests;
  const handOver = createHandOver({
    requests,
    readRecord: (record) => readRecord(record, pipelineNamed, limits),
    claimJobIds: claim && createClaimJobIds({ claim, untilDone: trouble.untilDone, logger, metrics }),
    committer,
    limits: { maxJobs: bridge.packMax, maxBytes: bridge.packMaxBytes },
    lingerMs: bridge.packLingerMs,
    untilDone: trouble.untilDone,
    logger,
    metrics,
  });
  const consumer = createQueueConsumer({
    kafka,
    groupId: bridge.groupId,
    sessionTimeoutMs: bridge.sessionTimeoutMs,
    topic: topics.queue,
    concurrency: PARTITIONS_AT_ONCE,
    onBatch: (batch) => handOver.batch(batch),
    onAssigned() {
      handOver.forget();
      // Others have the partitions by now, or it is set again at the next commit.
      metrics?.committedOffset.reset();
    },
    onSetAside: (partitions) => metrics?.partitionsSetAside.set(partitions),
    logger,
  });

  return {
    run: () => consumer.run(),
    async stop() {
      backpressure.stop();
      stopping.abort();
      await consumer.stop(() => committer.flush());
      await deadLetters.close();
    },
    readiness: () => {
      // A bridge that waits for Temporal to catch up is healthy.
      const problem = (backpressure.throttled() ? undefined : trouble.current()) ?? consumer.trouble();
      const reason = backpressure.reason();
      return {
        group: consumer.isMember() || notMember(consumer.lastError()),
        handover: problem ? `cannot ${problem}` : true,
        backpressure: reason === undefined || { ready: true, note: `paused: ${reason}` },
      };
    },
  };
}

/** Whether Temporal's client will put it into the payload store. In doubt it counts as if, since an encrypted one is a little larger. */
function isStored(pack: PackToStart, starter: PackStarterOptions, thresholdBytes?: number): boolean {
  if (thresholdBytes === undefined) return false;
  const input = packInput(pack, starter);
  return Buffer.byteLength(JSON.stringify(input)) >= thresholdBytes - STORED_MARGIN_BYTES;
}

function notMember(lastError: string | undefined): string {
  const why = lastError === undefined ? 'it is joining' : `Kafka said last: ${lastError}`;
  return `not a member of the group; ${why}`;
}
