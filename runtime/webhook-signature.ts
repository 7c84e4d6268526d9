import { createHmac, timingSafeEqual } from 'node:crypto';

/** A webhook as it is signed: the headers `webhook-id` and `webhook-timestamp`, and the bytes of the body. */
export interface SignedParts {
  id: string;
  /** Seconds of the epoch. */
  timestamp: string;
  body: string | Buffer;
}

/** How far the clock of the sender may be away from ours; also how long a webhook that was overheard can be sent again. */
const TOLERANCE_SECONDS = 300;
/** A sender that changes its secret signs with two. */
const SIGNATURES_MAX = 10;

/**
 * The header `webhook-signature` for one secret, as https://www.standardwebhooks.com has it.
 *
 * @param secret `whsec_` and base64
 */
export function webhookSignature(secret: string, parts: SignedParts): string {
  return `v1,${digest(secret, parts).toString('base64')}`;
}

/**
 * Whether a webhook was signed with one of these secrets, and lately.
 *
 * @param headers those of the request
 * @param nowMs milliseconds of the epoch
 */
export function isSignedWebhook(
  headers: Record<string, string | string[] | undefined>,
  body: Buffer,
  secrets: readonly string[],
  nowMs = Date.now(),
): boolean {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature } = headers;
  if (typeof id !== 'string' || id === '' || typeof timestamp !== 'string' || typeof signature !== 'string')
    return false;
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(nowMs / 1_000 - Number(timestamp)) > TOLERANCE_SECONDS)
    return false;
  const given = signature
    .split(' ', SIGNATURES_MAX)
    .filter((one) => one.startsWith('v1,'))
    .map((one) => Buffer.from(one.slice('v1,'.length), 'base64'));
  const expected = secrets.map((secret) => digest(secret, { id, timestamp, body }));
  return expected.some((right) =>
    given.some((one) => one.length === right.length && timingSafeEqual(one, right)),
  );
}

function digest(secret: string, { id, timestamp, body }: SignedParts): Buffer {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  return createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest();
}
