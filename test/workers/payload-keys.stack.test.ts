import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { exitCodes } from '../../cli/exit-codes';
import type { JobView } from '../../contracts/job-view';
import { newPayloadKey } from '../../runtime/payload-keys/payload-keys';
import { eventually } from '../support/eventually';
import { headway } from '../support/headway';
import { startProcess } from '../support/processes';
import { useRig } from '../support/use-rig';

const [old, fresh] = [newPayloadKey('old'), newPayloadKey('fresh')];
const HEADWAY_PIPELINES = join(__dirname, '..', 'workflows', 'case-notes.cjs');

const rig = useRig({ env: { PAYLOAD_KEYS: old } });
const withPipeline = { HEADWAY_PIPELINES };

async function openDoor(): Promise<
  (path: string, body?: object) => Promise<{ status: number; view: JobView }>
> {
  const door = startProcess('bridge/http/main.js', { ...rig.env, ...withPipeline, HTTP_PORT: '0' });
  const { address } = JSON.parse(await door.logged(/HTTP door is up/)) as { address: string };
  return async (path, body) => {
    const headers = { 'content-type': 'application/json', prefer: 'wait=20' };
    const post = body && { method: 'POST', headers, body: JSON.stringify(body) };
    const response = await fetch(`${address}${path}`, post);
    return { status: response.status, view: (await response.json()) as JobView };
  };
}

test.each(['workers/main.js', 'bridge/kafka/main.js', 'bridge/http/main.js'])(
  '%s with a confidential pipeline and no key refuses to start, and names both',
  async (entry) => {
    const refusing = startProcess(entry, { ...rig.env, ...withPipeline, PAYLOAD_KEYS: '' });
    expect((await refusing.ended).code).not.toBe(0);
    expect(refusing.log()).toMatch(/PAYLOAD_KEYS must be set, .*\\?"case-notes\\?" is confidential/);
  },
);

test('a worker without the key leaves a job waiting, one with the key finishes it, and the door answers with the output', async () => {
  const ask = await openDoor();
  const job = { id: `${rig.name}-waits`, pipeline: 'case-notes', input: { text: 'about Alice' } };
  const keyless = await rig.startWorker({ PAYLOAD_KEYS: '' });
  const other = await rig.startWorker({ PAYLOAD_KEYS: fresh });
  const accepted = ask('/v1/jobs', job);
  await Promise.any([
    keyless.logged(/the key \\?"old\\?", and PAYLOAD_KEYS is not set here/),
    other.logged(/the key \\?"old\\?", and PAYLOAD_KEYS does not have it/),
  ]);
  expect((await ask(`/v1/jobs/${job.id}`)).view.status).toMatch(/queued|in_progress/);
  await keyless.kill('SIGTERM');
  await other.kill('SIGTERM');
  // The new key in front of the one that the job was started with.
  await rig.startWorker({ ...withPipeline, PAYLOAD_KEYS: `${fresh},${old}` });
  await accepted;
  const [record] = (await rig.resultsFor([job.id])).get(job.id) ?? [];
  expect(record?.result).toMatchObject({ status: 'completed' });
  expect(record?.result.output).toContain('about Alice');

  // The door has the old key only, and the worker encrypts with the new one.
  const dim = await headway({ ...rig.env, ...withPipeline, PAYLOAD_KEYS: old }, ['result', job.id]);
  expect(dim.stderr).toMatch(/PAYLOAD_KEYS does not have it/);
  expect(dim.code).toBe(exitCodes.failed);
  // That it has completed, Temporal tells as well.
  expect((await ask(`/v1/jobs/${job.id}`)).view).toMatchObject({
    ...{ status: 'completed', lastError: { type: 'HW_PAYLOAD_UNREADABLE' } },
  });
  const command = await headway({ ...rig.env, ...withPipeline, PAYLOAD_KEYS: `${old},${fresh}` }, [
    'result',
    job.id,
  ]);
  expect(JSON.parse(command.stdout)).toEqual(record?.result.output);
}, 180_000);

test('the door recognises the same request, and answers with the whole result', async () => {
  await rig.startWorker(withPipeline);
  const ask = await openDoor();
  const job = { id: `${rig.name}-same`, pipeline: 'case-notes', input: { text: 'about Bob' } };
  const first = await ask('/v1/jobs', job);
  expect(first).toMatchObject({ view: { status: 'completed' } });
  expect(first.view.result?.output).toContain('about Bob');
  expect(Object.keys(first.view.result ?? {})).not.toContain('confidential');
  expect((await ask('/v1/jobs', job)).view.workflow).toEqual(first.view.workflow);
  const another = { ...job, input: { text: 'about Carol' } };
  expect((await ask('/v1/jobs', another)).status).toBe(422);

  await eventually('the command without a key says which it lacks', async () => {
    const { stderr } = await headway({ ...rig.env, PAYLOAD_KEYS: '' }, ['status', job.id]);
    return /HW_PAYLOAD_UNREADABLE|PAYLOAD_KEYS is not set here/.test(stderr) || stderr;
  });
});

test('a history in a file is replayed with the key, and without it the command says what it lacks', async () => {
  await rig.startWorker(withPipeline);
  const ask = await openDoor();
  const { view } = await ask('/v1/jobs', {
    pipeline: 'case-notes',
    input: { text: 'about Dora' },
  });
  expect(view.status).toBe('completed');
  const folder = mkdtempSync(join(tmpdir(), 'headway-replay-'));
  try {
    const { id, runId } = view.workflow;
    const history = await rig.client.workflow.getHandle(id, runId).fetchHistory();
    writeFileSync(join(folder, 'dora.json'), historyToJSON(history));
    const replay = (PAYLOAD_KEYS: string) =>
      headway({ ...rig.env, ...withPipeline, PAYLOAD_KEYS }, ['replay', folder]);
    expect((await replay(old)).stdout).toBe('1 of 1 histories fit this build.\n');
    const { code, stdout } = await replay('');
    expect(code).toBe(exitCodes.badFinding);
    expect(stdout).toMatch(
      /^History dora cannot be judged here: .*"old.*PAYLOAD_KEYS is not set here.* set PAYLOAD_KEYS/,
    );
    // Its pipeline is looked at through the encryption, too.
    const { stdout: gone } = await headway(rig.env, ['replay', folder]);
    expect(gone).toContain('there is no pipeline case-notes any more');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
