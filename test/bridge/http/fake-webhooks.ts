import { webhookSignature } from '../../../runtime/webhook-signature';

export const WEBHOOK_SECRET = `whsec_${Buffer.from('of the tests, and 24 bytes').toString('base64')}`;

/** What a door needs to take webhooks, with the calls it wrote down in `calls`. */
export function fakeWebhooks(secrets = [WEBHOOK_SECRET]) {
  const calls = new Set<string>();
  const fake = {
    secrets,
    calls,
    /** Thrown instead of writing. */
    trouble: undefined as Error | undefined,
    ledger: {
      write: (callId: string) => {
        if (fake.trouble) return Promise.reject(fake.trouble);
        const isNew = !calls.has(callId);
        calls.add(callId);
        return Promise.resolve(isNew);
      },
    },
  };
  return fake;
}

/** The headers of a webhook that was signed as the provider does. */
export function signed(
  body: string,
  {
    secret = WEBHOOK_SECRET,
    id = 'wh_1',
    secondsAgo = 0,
  }: { secret?: string; id?: string; secondsAgo?: number } = {},
): Record<string, string> {
  const timestamp = String(Math.floor(Date.now() / 1_000) - secondsAgo);
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': webhookSignature(secret, { id, timestamp, body }),
  };
}

export function eventOf(callId: string, type = 'response.completed'): string {
  return JSON.stringify({
    id: 'evt_1',
    object: 'event',
    created_at: 1_750_287_018,
    type,
    data: { id: callId },
  });
}
