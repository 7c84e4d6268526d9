import { Client } from '@temporalio/client';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { audit, type AuditOptions } from '../../../cli/audit/audit';
import { auditReportSchema, type AuditReport } from '../../../cli/audit/report';
import { searchAttributes } from '../../../contracts/search-attributes';
import { PROCESS_JOB } from '../../../contracts/workflow-names';
import { createDataConverter } from '../../../runtime/payload-store/data-converter';
import { projectRoot } from '../../../runtime/project-root';
import { readLocalStack } from '../../../runtime/local-stack';
import { eventually } from '../../support/eventually';
import { packsOf } from '../../support/packs';
import { briefs, idsOf } from '../../support/rig';
import { useRig } from '../../support/use-rig';

const rig = useRig({ partitions: 2 });

function auditRig(options: Partial<AuditOptions> = {}): Promise<AuditReport> {
  const { QUEUE_TOPIC, RESULTS_TOPIC, DLQ_TOPIC } = rig.env;
  return audit({
    kafka: rig.kafka,
    client: rig.client,
    topics: { queue: QUEUE_TOPIC ?? '', results: RESULTS_TOPIC ?? '', deadLetters: DLQ_TOPIC ?? '' },
    groupId: rig.group,
    simulatorUrl: readLocalStack()?.llmBaseUrl,
    ...options,
  });
}

const committedInAll = (offset: number) =>
  eventually(`offset ${offset} is committed`, async () => {
    const committed = (await rig.committed()).reduce((sum, one) => sum + Math.max(0, one), 0);
    return committed === offset || `it is ${committed}`;
  });

test('every record is found where it is: ended, dead-lettered, running, waiting, or lost with its workflow named', async () => {
  const completed = briefs(12, `${rig.name}-completed`);
  const failed = briefs(3, `${rig.name}-failed`, 'refusal');
  const slow = briefs(2, `${rig.name}-slow`, 'latency=50000000');
  await rig.produce(completed, 0);
  await rig.produceRaw(['not a job', null], 0);
  await rig.produce([...failed, ...slow], 1);
  const bridge = await rig.startBridge({ PACK_MAX: '5' });
  const worker = await rig.startWorker();
  await rig.resultsFor(idsOf([...completed, ...failed]));
  await worker.kill('SIGKILL');

  const killed = briefs(4, `${rig.name}-killed`);
  await rig.produce(killed, 0);
  await committedInAll(23);
  const packs = await eventuallyPacks(killed[0]?.id ?? '');
  await rig.client.workflow.getHandle(packs).terminate('by an operator');
  await bridge.kill('SIGTERM');
  // Somebody moves the group past records that nobody took.
  await rig.produce(briefs(2, `${rig.name}-skipped`), 1);
  await rig.admin.setOffsets({
    groupId: rig.group,
    topic: rig.queue,
    partitions: [{ partition: 1, offset: '7' }],
  });
  await rig.produce(briefs(6, `${rig.name}-waiting`), 1);

  const report = await auditRig();
  expect(auditReportSchema.parse(report)).toEqual(report);
  expect(report.records).toEqual({
    received: 31,
    completed: 12,
    failed: 3,
    cancelled: 0,
    expired: 0,
    deadLettered: 2,
    duplicate: 0,
    running: 2,
    waiting: 6,
    lost: 6,
  });
  expect(report.ok).toBe(false);
  expect(
    report.examples.lost.map(({ jobId, workflowId, workflowStatus }) => [jobId, workflowId, workflowStatus]),
  ).toEqual([
    ...idsOf(killed).map((id) => [id, packs, 'TERMINATED']),
    [`${rig.name}-skipped-0`, null, null],
    [`${rig.name}-skipped-1`, null, null],
  ]);
  expect(report.examples.running.map(({ jobId }) => jobId)).toEqual([slow[0]?.id]);
  expect(report.longestRunningMs).toBeGreaterThan(0);
  expect(report.longestWaitingMs).toBeGreaterThan(0);
  expect(report.llmCalls).toEqual({ accepted: 15, accountedFor: 15, duplicate: 0, unknown: 0 });

  const published = await auditRig({ publishMissing: true, settledAfterMs: 0 });
  expect(published.records).toMatchObject({ failed: 7, lost: 2 });
  const results = await rig.resultsFor(idsOf(killed));
  for (const [record] of results.values()) {
    expect(record?.result).toMatchObject({ status: 'failed', error: { type: 'HW_WORKFLOW_TERMINATED' } });
  }
});

test('skipped duplicates, aborted transactions and jobs that left their packs are told from lost ones', async () => {
  const first = briefs(6, `${rig.name}-first`);
  const [alone] = briefs(1, `${rig.name}-alone`, 'malformed times=1; hang');
  if (!alone) throw new Error('no job');
  const producer = rig.kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    transactionalId: rig.name,
  });
  await producer.connect();
  const transaction = await producer.transaction();
  const messages = briefs(3, `${rig.name}-aborted`).map((job) => ({
    value: JSON.stringify(job),
    partition: 0,
  }));
  await transaction.send({ topic: rig.queue, messages });
  await transaction.abort();
  await producer.disconnect();
  await rig.startBridge({ JOB_ID_DEDUPE: 'ledger' });
  await rig.startWorker();
  await rig.produce([...first.slice(0, 3), first[0]!, alone, ...first.slice(3)], 0);
  await rig.produce(first, 1);
  await rig.resultsFor(idsOf(first));
  await committedInAll(4 + 8 + 6);
  await eventually('the job is on its own', async () => {
    try {
      return (await rig.client.workflow.getHandle(alone.id).describe()).status.name === 'RUNNING';
    } catch {
      return false;
    }
  });

  const report = await auditRig({ jobIdsOnce: true });
  expect(report.records).toMatchObject({ received: 14, completed: 6, running: 1, duplicate: 7, lost: 0 });
  expect(report.examples.running).toMatchObject([{ jobId: alone.id }]);
  expect([report.ok, report.results.jobIdsDoneTwice, report.warnings]).toEqual([true, 0, []]);

  // The first record with its id is not in the range, and has no result yet.
  await rig.produce([alone], 0);
  await committedInAll(4 + 8 + 6 + 1);
  const late = await auditRig({ jobIdsOnce: true, select: { from: new Map([[0, 12]]) } });
  expect(late.records).toMatchObject({ received: 1, duplicate: 1, lost: 0 });
});

test('the command exits with 1 when a job is lost or none was looked at, and prints nothing but JSON with --json', async () => {
  await rig.produce(briefs(3, `${rig.name}-lost`), 0);
  const partitions = [{ partition: 0, offset: '3' }];
  await rig.admin.setOffsets({ groupId: rig.group, topic: rig.queue, partitions });
  const lost = await headway(['audit', '--json']);
  expect([lost.status, lost.stderr]).toEqual([1, '']);
  expect(auditReportSchema.parse(JSON.parse(lost.stdout)).records.lost).toBe(3);
  const none = await headway(['audit', '--from', '3']);
  expect([none.status, none.stderr]).toEqual([1, '']);
  expect(none.stdout).toMatch(/^No record was looked at/);
  expect(none.stdout).not.toContain('Nothing is lost');
  expect((await headway(['audit', '--from', '3', '--allow-empty'])).status).toBe(0);
});

/** Runs the command as a user does. */
function headway(args: string[]): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const env = { ...process.env, ...rig.env };
  const main = join(projectRoot(), 'dist', 'cli', 'main.js');
  const child = spawn(process.execPath, [main, ...args], { env });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += chunk));
  child.stderr.on('data', (chunk) => (stderr += chunk));
  return new Promise((resolve) => child.on('close', (status) => resolve({ status, stdout, stderr })));
}

/** The pack that holds a job, once Temporal shows it. */
async function eventuallyPacks(jobId: string): Promise<string> {
  let found: string | undefined;
  await eventually(`a pack with ${jobId}`, async () => {
    found = (await packsOf(rig.client, rig.queue)).find(({ jobIds }) => jobIds.includes(jobId))?.workflowId;
    return found !== undefined;
  });
  return found ?? '';
}

test('a workflow elsewhere in the namespace whose memo cannot be read stops no audit', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'headway-payloads-'));
  const { connection, namespace } = rig.client.options;
  const payloadStore = { place: { kind: 'folder', folder }, thresholdBytes: 20 } as const;
  const dataConverter = createDataConverter({ payloadStore });
  const workflowId = `${rig.name}-hidden`;
  const handle = await new Client({ connection, namespace, dataConverter }).workflow.start(PROCESS_JOB, {
    workflowId,
    taskQueue: 'nobody',
    memo: { note: 'a text that is long enough to lie in the store' },
    typedSearchAttributes: [{ key: searchAttributes.jobIds, value: [workflowId] }],
  });
  await rm(folder, { recursive: true, force: true });
  try {
    await eventually('visibility knows it', async () => {
      const query = `WorkflowId = '${workflowId}'`;
      const { executions } = await rig.client.workflowService.listWorkflowExecutions({ namespace, query });
      return executions.length === 1;
    });
    // Whoever looks for what nobody holds looks through all that runs.
    await rig.produce(briefs(2, `${rig.name}-lost`), 0);
    const partitions = [{ partition: 0, offset: '2' }];
    await rig.admin.setOffsets({ groupId: rig.group, topic: rig.queue, partitions });
    expect(await auditRig()).toMatchObject({ ok: false, records: { received: 2, lost: 2 } });
  } finally {
    await handle.terminate();
  }
});
