import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import { createLimit } from '../../../runtime/limit';
import { describeWait, fingerprintOf } from './describe-wait';

const { History } = temporal.api.history.v1;
const { DescribeWorkflowExecutionResponse } = temporal.api.workflowservice.v1;

export interface StuckDetectorOptions {
  /** Past any proxy. */
  client: Client;
  taskQueue: string;
  /** For how long nothing may move, in milliseconds in which Temporal answers. */
  quietMs: number;
  /** Gets a JSON file for each stuck workflow: what the server says of it, and its history. Made when it is needed. */
  dumpFolder: string;
  /** Whether nothing is being done to the system that could make a workflow stand still. Default: always. */
  isCalm?: () => boolean;
  /** Called once for each when it has not moved for so long, and again when it has not without a reason for so long in calm. */
  onStuck: (stuck: StuckWorkflow) => void;
}

export interface StuckWorkflow {
  /** Names the workflow, what it waits for and the file. */
  line: string;
  /** There is a reason, and an end. */
  explained: boolean;
  /** Nothing moved for `quietMs` in which Temporal answered and all was calm. */
  inCalm: boolean;
}

export interface StuckDetector {
  start(): void;
  /** Resolves when nothing is being looked at any more. */
  stop(): Promise<void>;
}

/** What was seen of a workflow when it last moved. */
interface Sighting {
  fingerprint: string;
  clock: number;
  calmClock: number;
}

const REQUEST_TIMEOUT_MS = 10_000;

/** Watches running workflows, and tells of those in which nothing moves: no event, no attempt, no heartbeat. */
export function createStuckDetector(options: StuckDetectorOptions): StuckDetector {
  const { client, taskQueue, quietMs, dumpFolder, onStuck, isCalm = () => true } = options;
  const intervalMs = Math.min(10_000, quietMs / 5);
  const sightings = new Map<string, Sighting>();
  /** By run id: what has been told of it. */
  const told = new Map<string, 'quiet' | 'in calm'>();
  const limit = createLimit(4);
  const stopping = new AbortController();
  /** Milliseconds in which Temporal answered. While it is away, nothing can move. */
  let clock = 0;
  /** Those among them in which all was calm. */
  let calmClock = 0;
  let running: Promise<void> = Promise.resolve();

  return {
    start() {
      running = run();
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };

  async function run(): Promise<void> {
    let lastAt = performance.now();
    let wasCalm = isCalm();
    while (!stopping.signal.aborted) {
      const now = performance.now();
      const answered = await look().then(
        () => true,
        () => false,
      );
      const passed = Math.min(now - lastAt, 2 * intervalMs);
      if (answered) clock += passed;
      // A strike shorter than that may escape, which does no harm: the workflow stood still before and after it.
      if (answered && wasCalm && isCalm()) calmClock += passed;
      wasCalm = isCalm();
      lastAt = now;
      await delay(intervalMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }

  async function look(): Promise<void> {
    const query = `TaskQueue = '${taskQueue}' AND ExecutionStatus = 'Running'`;
    const open = await withDeadline(async () => {
      const found: { workflowId: string; runId: string }[] = [];
      for await (const { workflowId, runId } of client.workflow.list({ query, pageSize: 1_000 }))
        found.push({ workflowId, runId });
      return found;
    });
    const openIds = new Set(open.map(({ runId }) => runId));
    for (const runId of sightings.keys()) if (!openIds.has(runId)) sightings.delete(runId);
    const fresh = open.filter(({ runId }) => told.get(runId) !== 'in calm');
    await Promise.all(fresh.map(({ workflowId, runId }) => limit(() => visit(workflowId, runId))));
  }

  async function visit(workflowId: string, runId: string): Promise<void> {
    if (stopping.signal.aborted) return;
    const handle = client.workflow.getHandle(workflowId, runId);
    const { raw, status } = await withDeadline(() => handle.describe());
    const fingerprint = fingerprintOf(raw);
    const seen = sightings.get(runId);
    if (seen?.fingerprint !== fingerprint) sightings.set(runId, { fingerprint, clock, calmClock });
    else if (status.name === 'RUNNING' && clock - seen.clock >= quietMs) {
      const inCalm = calmClock - seen.calmClock >= quietMs;
      if (!inCalm && told.has(runId)) return;
      const history = await withDeadline(() => handle.fetchHistory());
      const wait = describeWait(raw, history.events ?? [], Date.now());
      const since = Math.round((clock - seen.clock) / 1_000);
      if (told.has(runId) && wait.explained) return;
      const what = wait.explained ? 'waits, and it is explained' : 'is stuck';
      const kind = told.has(runId) ? `${what}, with no fault under way either` : what;
      const file = join(dumpFolder, `${workflowId.replaceAll(/[^\w.-]/g, '_').slice(0, 150)}-${runId}.json`);
      const line = `${workflowId} ${kind}: nothing moved for ${since} s; it waits for ${wait.text}`;
      await mkdir(dumpFolder, { recursive: true });
      const plain = { longs: String, bytes: String, enums: String };
      const description = DescribeWorkflowExecutionResponse.toObject(
        DescribeWorkflowExecutionResponse.fromObject(raw),
        plain,
      );
      const events = History.toObject(History.fromObject(history), plain);
      await writeFile(
        file,
        `${JSON.stringify({ summary: line, description, history: events }, undefined, 1)}\n`,
      );
      // What waits with a reason may lose it later on.
      told.set(runId, inCalm && !wait.explained ? 'in calm' : 'quiet');
      onStuck({ line: `${line} (${file})`, explained: wait.explained, inCalm });
    }
  }

  function withDeadline<T>(request: () => Promise<T>): Promise<T> {
    return client.withDeadline(Date.now() + REQUEST_TIMEOUT_MS, request);
  }
}
