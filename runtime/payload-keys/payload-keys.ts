import { randomBytes } from 'node:crypto';
import type { ConfigProblems } from '../config/problems';

/** A key that payloads of confidential jobs are encrypted with. */
export interface PayloadKey {
  /** Stands beside each payload, so that it is known which key opens it. */
  id: string;
  /** 32 bytes, for AES-256. */
  bytes: Buffer;
}

const KEY_BYTES = 32;

/** What a key may be called. */
export const PAYLOAD_KEY_ID = /^[\w.-]{1,64}$/;

/**
 * The keys of PAYLOAD_KEYS, `id:base64` each: the first encrypts, all of them decrypt. Undefined when it is not set. No message repeats a
 * part of it.
 */
export function readPayloadKeys(
  value: string | undefined,
  problems: ConfigProblems,
): PayloadKey[] | undefined {
  if (value === undefined) return undefined;
  const keys = value.split(',').map((entry) => {
    const [id = '', base64 = ''] = entry.trim().split(':');
    return { id, bytes: Buffer.from(base64, 'base64') };
  });
  if (keys.some(({ bytes }) => bytes.length !== KEY_BYTES)) {
    problems.add('PAYLOAD_KEYS', `must have keys of ${KEY_BYTES} bytes; \`headway payload-key\` makes one`);
  }
  if (new Set(keys.map(({ id }) => id)).size < keys.length) {
    problems.add(
      'PAYLOAD_KEYS',
      'must not have the same id twice: `headway payload-key --id` gives a key one of its own',
    );
  }
  return keys;
}

/** A random key as it stands in PAYLOAD_KEYS. */
export function newPayloadKey(id: string): string {
  return `${id}:${randomBytes(KEY_BYTES).toString('base64')}`;
}
