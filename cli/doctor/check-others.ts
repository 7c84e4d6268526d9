import { createHash } from 'node:crypto';
import { checkWebhookLedger } from '../../bridge/llm-webhooks/open-webhook-ledger';
import { createWebhookLedger } from '../../bridge/llm-webhooks/webhook-ledger';
import { checkLedger } from '../../bridge/open-job-id-ledger';
import { messageOf } from '../../contracts/errors';
import type { Config } from '../../runtime/config/config';
import { createDatabase } from '../../runtime/database';
import { createFolderStore } from '../../runtime/payload-store/folder-store';
import type { PayloadStore } from '../../runtime/payload-store/payload-store';
import { createS3Store } from '../../runtime/payload-store/s3-store';
import { CHECK_MS, ok, warning, wrong, type Verdict } from './findings';

/** The provider, by the cheapest request there is. */
export async function checkLlm({ apiKey, baseUrl, model, simulated }: Config['llm']): Promise<Verdict> {
  const base = baseUrl ?? 'https://api.openai.com/v1';
  const { host } = new URL(base);
  let response: Response;
  try {
    const headers = { authorization: `Bearer ${apiKey}` };
    const signal = AbortSignal.timeout(CHECK_MS - 1_000);
    response = await fetch(`${base.replace(/\/$/, '')}/models`, { headers, signal });
  } catch (error) {
    const reason = messageOf((error as Error).cause ?? error);
    return wrong(`${host} does not answer: ${reason}`, 'Correct OPENAI_BASE_URL, or see to the network.');
  }
  if (simulated) {
    const todo = 'Set OPENAI_API_KEY (and OPENAI_BASE_URL for another provider) to ask a real model.';
    return warning(`the SIMULATOR of the local stack, at ${host}: its answers are made up`, todo);
  }
  const { status } = response;
  if (status === 401 || status === 403) {
    return wrong(`${host} refuses the key (${status})`, 'Correct OPENAI_API_KEY.');
  }
  if (!response.ok) {
    return warning(
      `${host} answers GET /models with ${status}`,
      'Submit a job, and see whether it completes.',
    );
  }
  const { data = [] } = (await response.json().catch(() => ({}))) as { data?: { id?: string }[] };
  if (data.length > 0 && !data.some(({ id }) => id === model)) {
    return warning(`${host} does not list the model ${model}`, 'Correct OPENAI_MODEL if jobs fail.');
  }
  return ok(`${host} takes the key`);
}

/** Clocks that are further apart make deadlines, and times in results, wrong. */
const CLOCK_SKEW_MS = 2_000;

export async function checkDatabase(
  config: Config['database'],
  { ledger }: Config['jobIds'],
): Promise<Verdict> {
  const database = createDatabase(config);
  try {
    const askedAt = Date.now();
    const sql = 'select extract(epoch from clock_timestamp()) * 1000 as now';
    const [row] = await database.query<{ now: string }>(sql);
    const tookMs = Date.now() - askedAt;
    if (ledger) await checkLedger(database);
    const skewMs = Math.abs(Number(row?.now) - askedAt - tookMs / 2);
    if (skewMs > CLOCK_SKEW_MS + tookMs / 2) {
      const seconds = (skewMs / 1_000).toFixed(1);
      return warning(`its clock and that of this machine are ${seconds} s apart`, 'Set the clocks (NTP).');
    }
    return ok(`answers${ledger ? ', and has the ledger of job ids' : ''}; clocks agree`);
  } finally {
    await database.close();
  }
}

/** Whether webhooks of the LLM provider came lately; it does not know whether there were calls. */
export async function checkWebhooks({ databaseUrl }: { databaseUrl: string }): Promise<Verdict> {
  const database = createDatabase({ url: databaseUrl });
  try {
    await checkWebhookLedger(database);
    const ageMs = await createWebhookLedger(database).newestAgeMs();
    if (ageMs !== undefined) return ok(`the last one came ${(ageMs / 1_000).toFixed(0)} s ago`);
    return warning(
      'none came in the last quarter of an hour (OPENAI_WEBHOOK_SECRET)',
      'If there were LLM calls, see that the provider reaches POST /v1/llm-webhooks of the HTTP door. Until then calls are polled.',
    );
  } finally {
    await database.close();
  }
}

/** Writes and reads a few bytes, the same each time. */
export async function checkPayloadStore(payloadStore: PayloadStore | undefined): Promise<Verdict> {
  if (!payloadStore) return ok('none, so a job may have 512 KiB (PAYLOAD_STORE)');
  const { place } = payloadStore;
  const store = place.kind === 's3' ? createS3Store(place) : createFolderStore(place.folder);
  const bytes = Buffer.from('headway doctor');
  const name = createHash('sha256').update(bytes).digest('hex');
  await store.put(name, bytes, AbortSignal.timeout(CHECK_MS - 1_000));
  const read = await store.get(name, AbortSignal.timeout(CHECK_MS - 1_000));
  if (read && bytes.equals(read)) return ok(`${store.address} can be written and read`);
  return wrong(`${store.address} gives back other bytes than were written`, 'Use another one.');
}
