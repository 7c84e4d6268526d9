import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Client } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import type { JobRequest } from '../../contracts/job-request';
import { newPayloadKey } from '../../runtime/payload-keys/payload-keys';
import { eventually } from '../support/eventually';
import { headway } from '../support/headway';
import { briefs, idsOf } from '../support/rig';
import { useRig } from '../support/use-rig';

const PAYLOAD_KEYS = newPayloadKey('test');
const HEADWAY_PIPELINES = join(__dirname, 'case-notes.cjs');
const store = mkdtempSync(join(tmpdir(), 'headway-payloads-'));
afterAll(() => rmSync(store, { recursive: true }));

const rig = useRig({
  env: {
    PAYLOAD_KEYS,
    PAYLOAD_STORE: pathToFileURL(store).href,
    PAYLOAD_STORE_THRESHOLD_BYTES: '131072',
  },
});
const withPipeline = { HEADWAY_PIPELINES };

/** Stands in everything that jobs are about, and nowhere else. */
const secret = `geheim-${randomBytes(6).toString('hex')}`;

function note(name: string, directive = '', more: Record<string, string> = {}): JobRequest & { id: string } {
  const text = `${secret} ${directive && `[[simulate: ${directive}]]`}`;
  const metadata = { remark: `about ${secret}` };
  return { id: `${rig.name}-${name}`, pipeline: 'case-notes', input: { text, ...more }, metadata };
}

/** Whoever may read the namespace, and has no key. */
const reader = () =>
  new Client({ connection: rig.client.connection, namespace: rig.client.options.namespace });

const { History } = temporal.api.history.v1;
const { DescribeWorkflowExecutionResponse } = temporal.api.workflowservice.v1;

/** All that Temporal shows of the workflows of this test: each event of each history as bytes, memos, attributes, summaries, and what queries answer. */
async function shown(): Promise<Map<string, Buffer>> {
  const client = reader();
  const pages = new Map<string, Buffer>();
  const query = `TaskQueue = '${rig.name}'`;
  for await (const { workflowId, runId } of client.workflow.list({ query })) {
    const execution = { workflowId, runId };
    const { namespace } = client.options;
    const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    for (const [index, event] of (history.events ?? []).entries()) {
      const bytes = History.encode({ events: [event] }).finish();
      pages.set(`${workflowId} ${runId} event ${index + 1} (${String(event.eventType)})`, Buffer.from(bytes));
    }
    const described = await client.workflowService.describeWorkflowExecution({ namespace, execution });
    pages.set(
      `${workflowId} ${runId} described`,
      Buffer.from(DescribeWorkflowExecutionResponse.encode(described).finish()),
    );
    for (const queryType of ['jobs', 'results', '__temporal_workflow_metadata']) {
      const payloads = [
        { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from(`"${workflowId}"`) },
      ];
      const asked = { queryType, queryArgs: queryType === 'results' ? { payloads } : undefined };
      const answer = await client.workflowService.queryWorkflow({ namespace, execution, query: asked });
      const answered = answer.queryResult?.payloads?.map(({ data }) => Buffer.from(data ?? [])) ?? [];
      pages.set(`${workflowId} ${runId} query ${queryType}`, Buffer.concat(answered));
    }
  }
  return pages;
}

const pagesWith = (pages: Map<string, Buffer>, text: string) =>
  [...pages].filter(([, bytes]) => bytes.includes(text)).map(([name]) => name);

/** Resolves when visibility knows these workflows, and none of the test runs any more. */
async function allEnded(ids: string[]): Promise<void> {
  await eventually('all workflows have ended', async () => {
    const open = new Set(ids);
    for await (const { workflowId, status } of reader().workflow.list({
      query: `TaskQueue = '${rig.name}'`,
    })) {
      if (status.name === 'RUNNING') open.add(workflowId);
      else open.delete(workflowId);
    }
    return open.size === 0 || `not yet: ${[...open].join()}`;
  });
}

async function resultOf(id: string) {
  const records = (await rig.resultsFor([id])).get(id) ?? [];
  expect(new Set(records.map(({ bytes }) => bytes)).size).toBe(1);
  return records[0]!.result;
}

test('nothing that confidential jobs are about can be read in Temporal, in logs or in the payload store, however they end', async () => {
  const fine = note('fine');
  const repaired = note('repaired', 'wrong_schema times=1');
  const unrepaired = note('unrepaired', 'malformed');
  const refused = note('refused', 'refusal');
  const rejected = note('rejected', 'bad_request');
  const unknown = note('unknown', '', { goesWrong: 'enrich' });
  const forbidden = note('forbidden', '', { goesWrong: 'enrich for good' });
  const unscored = note('unscored', '', { goesWrong: 'post-process' });
  const large = { ...note('large'), input: { text: `${secret} `.repeat(10_000) } };
  const [open] = briefs(1, `${rig.name}-open`);
  const notes = [fine, repaired, unrepaired, refused, rejected, unknown, forbidden, unscored];
  await rig.produce([...notes, large], 0);
  const bridge = await rig.startBridge(withPipeline);
  const worker = await rig.startWorker(withPipeline);
  await rig.resultsFor(idsOf([...notes, large]));
  // Each of these in a workflow of its own.
  const alone = note('alone');
  const aloneRefused = note('alone-refused', 'refusal');
  const aloneUnknown = note('alone-unknown', '', { goesWrong: 'enrich' });
  for (const job of [alone, aloneRefused, aloneUnknown, open!]) {
    await rig.produce([job], 0);
    await rig.resultsFor([job.id]);
  }

  // On the results topic everything is readable.
  const verdicts = new Set<string>();
  for (const { id } of [fine, repaired, alone]) {
    const { status, output } = await resultOf(id);
    expect(status).toBe('completed');
    const [verdict, about] = (output as string).split(' | ');
    expect(about).toContain(secret);
    verdicts.add(verdict!);
  }
  expect((await resultOf(large.id)).output).toContain(secret);
  for (const { id } of [unknown, forbidden, unscored, aloneUnknown]) {
    const { status, error } = await resultOf(id);
    expect([status, error?.message]).toEqual(['failed', expect.stringContaining(secret)]);
  }
  expect((await resultOf(unknown.id)).error).toMatchObject({ type: 'HW_ENRICH_FAILED', attempts: 2 });
  expect((await resultOf(unscored.id)).error).toMatchObject({ type: 'HW_POST_PROCESS_FAILED', attempts: 2 });
  const types = await Promise.all(
    [unrepaired, refused, rejected, aloneRefused].map(async ({ id }) => (await resultOf(id)).error?.type),
  );
  expect(types).toEqual(['HW_LLM_BAD_ANSWER', 'HW_LLM_REFUSED', 'HW_LLM_REJECTED', 'HW_LLM_REFUSED']);

  // Packs, jobs that left them, and jobs by themselves.
  await allEnded([repaired, unrepaired, unknown, unscored].map(({ id }) => id));
  const pages = await shown();
  expect(pagesWith(pages, secret)).toEqual([]);
  for (const verdict of verdicts) expect(pagesWith(pages, verdict)).toEqual([]);
  // Where the reasons of refusals and bad answers would be.
  const refusal = (await resultOf(refused.id)).error!.message;
  expect(pagesWith(pages, refusal)).toEqual([]);
  // What is not confidential can be read as before, by the same means.
  expect(pagesWith(pages, 'Vantorp Steel').length).toBeGreaterThan(4);
  expect(pagesWith(pages, 'binary/encrypted').length).toBeGreaterThan(20);

  for (const log of [bridge.log(), worker.log()]) {
    expect(log).not.toContain(secret);
    expect(log).not.toContain(refusal);
  }
  const files = readdirSync(store, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
  expect(files.length).toBeGreaterThan(2);
  for (const file of files) {
    expect(readFileSync(join(file.parentPath, file.name)).includes(secret)).toBe(false);
  }
}, 240_000);

test('nor after they were cancelled, or run again', async () => {
  const slow = note('slow', 'latency=2000000');
  const refused = note('refused-once', 'refusal times=1');
  const bridge = await rig.startBridge(withPipeline);
  const worker = await rig.startWorker(withPipeline);
  const cli = async (command: string, id: string) => {
    const { code, stdout, stderr } = await headway({ ...rig.env, ...withPipeline }, [command, id]);
    expect(stdout + stderr).not.toContain(secret);
    return code === 0 || stdout + stderr;
  };
  await rig.produce([slow, refused], 0);
  expect((await resultOf(refused.id)).error?.type).toBe('HW_LLM_REFUSED');
  await eventually('the pack can be found', () => cli('status', slow.id));
  expect(await cli('retry', refused.id)).toBe(true);
  expect(await cli('cancel', slow.id)).toBe(true);
  expect((await resultOf(slow.id)).status).toBe('cancelled');
  // Its second run, which has a name of its own.
  await allEnded([refused.id]);
  const runs = rig.results.filter(({ key }) => key === refused.id).map(({ result }) => result);
  expect(runs.at(-1)).toMatchObject({ status: 'completed', output: expect.stringContaining(secret) });

  const pages = await shown();
  expect(pagesWith(pages, secret)).toEqual([]);
  expect(pagesWith(pages, runs[0]!.error!.message)).toEqual([]);
  const ofSecondRun = pagesWith(pages, 'binary/encrypted').filter((name) => name.startsWith(refused.id));
  expect(ofSecondRun.length).toBeGreaterThan(2);
  for (const log of [bridge.log(), worker.log()]) expect(log).not.toContain(secret);
}, 240_000);
