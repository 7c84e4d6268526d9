import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { ApplicationFailure, type Payload, type PayloadCodec } from '@temporalio/common';
import { temporal } from '@temporalio/proto';
import { MARK_IN_JSON } from '../../contracts/confidential';
import { PAYLOAD_KEY_ID, type PayloadKey } from './payload-keys';

const PayloadMessage = temporal.api.common.v1.Payload;

/** As in the encryption samples of Temporal's SDKs, so that their codec servers open what is encrypted here. Never changed. */
const ENCODING = 'binary/encrypted';
const KEY_ID = 'encryption-key-id';
const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

const ENCODING_BYTES = Buffer.from(ENCODING);
const MARK_BYTES = Buffer.from(MARK_IN_JSON);

export interface HeadwayCodec extends PayloadCodec {
  /** Whether it has a key to encrypt with. */
  encrypts: boolean;
}

/**
 * Encrypts payloads that carry the mark of a confidential job (contracts/confidential.ts) and leaves all others as they are. Without keys it
 * only says what is missing when it meets an encrypted one.
 *
 * A payload without its key is thrown as ApplicationFailure `HW_UNAVAILABLE`: the workflow task or activity that needs it is tried
 * again until a worker has the key, and no job fails by it.
 */
export function createPayloadCodec(keys: readonly PayloadKey[] = []): HeadwayCodec {
  const [first] = keys;
  return {
    encrypts: first !== undefined,
    // Promises without `async`: both are called for every payload there is.
    encode: (payloads) =>
      Promise.resolve(first ? payloads.map((one) => (isMarked(one) ? encrypt(one, first) : one)) : payloads),
    decode: async (payloads) =>
      payloads.some(isEncrypted) ? payloads.map((one) => (isEncrypted(one) ? open(one) : one)) : payloads,
  };

  function open(payload: Payload): Payload {
    const id = Buffer.from(payload.metadata?.[KEY_ID] ?? []).toString();
    const key = keys.find((one) => one.id === id);
    const shown = PAYLOAD_KEY_ID.test(id) ? `"${id}"` : 'of another form';
    if (!key) {
      const has = keys.length === 0 ? 'is not set here' : 'does not have it';
      throw unreadable(`this is encrypted with the key ${shown}, and PAYLOAD_KEYS ${has}`);
    }
    try {
      return decrypt(payload, key);
    } catch {
      throw unreadable(
        `this is damaged, or the key ${shown} in PAYLOAD_KEYS is not the one it was encrypted with`,
      );
    }
  }
}

/** Strings of JSON cannot hold the mark, since its quotes would be escaped there. */
function isMarked({ data }: Payload): boolean {
  return !!data && Buffer.from(data.buffer, data.byteOffset, data.byteLength).includes(MARK_BYTES);
}

export function isEncrypted({ metadata }: Payload): boolean {
  const encoding = metadata?.encoding;
  return encoding?.length === ENCODING_BYTES.length && ENCODING_BYTES.equals(encoding);
}

/** Nonce, ciphertext and tag, one after the other. Nothing is bound to the place of a payload, since codec servers are not told it. */
function encrypt(payload: Payload, { id, bytes }: PayloadKey): Payload {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, bytes, nonce);
  const data = Buffer.concat([
    nonce,
    cipher.update(PayloadMessage.encode(payload).finish()),
    cipher.final(),
    cipher.getAuthTag(),
  ]);
  return { metadata: { encoding: ENCODING_BYTES, [KEY_ID]: Buffer.from(id) }, data };
}

function decrypt({ data }: Payload, { bytes }: PayloadKey): Payload {
  const sealed = Buffer.from(data ?? []);
  const nonce = sealed.subarray(0, NONCE_BYTES);
  const decipher = createDecipheriv(CIPHER, bytes, nonce, { authTagLength: TAG_BYTES });
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  const plain = [decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()];
  return PayloadMessage.decode(Buffer.concat(plain));
}

function unreadable(message: string): ApplicationFailure {
  return ApplicationFailure.create({ message, type: 'HW_UNAVAILABLE', nonRetryable: false });
}
