import { createHash } from 'node:crypto';
import { ApplicationFailure, StorageDriverClaim, type Payload, type StorageDriver } from '@temporalio/common';
import { temporal } from '@temporalio/proto';
import { messageOf } from '../../contracts/errors';
import { linkSignals } from '../linked-signal';
import { within } from '../within';
import type { BlobStore } from './blob-store';

const PayloadMessage = temporal.api.common.v1.Payload;

/** Written into the histories, so it is never changed. The same for all stores: blobs may be moved to another one. */
const DRIVER_NAME = 'headway';

/** A store that hangs is away. The clients of stores have limits of their own for parts of an answer, and none for its body. */
const TIME_LIMIT_MS = 60_000;

/**
 * Keeps large payloads in `store`, and references to them in the histories: name (the SHA-256 sum of the bytes) and size.
 *
 * Trouble is thrown as ApplicationFailure `HW_UNAVAILABLE`: the start, workflow task or activity it happens in is tried again
 * until the store is back, and no job fails by it. So is what takes longer than `timeLimitMs` (milliseconds, a payload).
 */
export function createPayloadDriver(store: BlobStore, timeLimitMs = TIME_LIMIT_MS): StorageDriver {
  return {
    name: DRIVER_NAME,
    type: 'headway.payload-store',

    // One after the other: they are large, and each is held in memory twice.
    async store({ abortSignal }, payloads) {
      const claims: StorageDriverClaim[] = [];
      for (const payload of payloads) {
        const bytes = PayloadMessage.encode(payload).finish();
        const sha256 = sha256Of(bytes);
        await unavailableUnlessDone('write', (signal) => store.put(sha256, bytes, signal), abortSignal);
        claims.push(new StorageDriverClaim({ sha256, bytes: String(bytes.length) }));
      }
      return claims;
    },

    async retrieve({ abortSignal }, claims) {
      const payloads: Payload[] = [];
      for (const { claimData } of claims) {
        const name = claimData.sha256 ?? '';
        const bytes = await unavailableUnlessDone('read', (signal) => read(name, signal), abortSignal);
        payloads.push(PayloadMessage.decode(bytes));
      }
      return payloads;
    },
  };

  async function read(name: string, signal?: AbortSignal): Promise<Uint8Array> {
    // It becomes part of a path.
    if (!/^[0-9a-f]{64}$/.test(name)) throw new Error(`the reference names no payload: ${name.slice(0, 80)}`);
    const bytes = await store.get(name, signal);
    if (!bytes) throw new Error(`payload ${name} is not there; was it cleaned up, or is this another store?`);
    if (sha256Of(bytes) !== name) throw new Error(`payload ${name} is damaged`);
    return bytes;
  }

  async function unavailableUnlessDone<T>(
    verb: 'read' | 'write',
    work: (signal: AbortSignal) => Promise<T>,
    givenUp?: AbortSignal,
  ): Promise<T> {
    const late = new AbortController();
    const { signal, unlink } = linkSignals(late.signal, ...(givenUp ? [givenUp] : []));
    try {
      return await within(timeLimitMs, work(signal), () => {
        const error = new Error(`no answer within ${timeLimitMs / 1_000} s`);
        late.abort(error);
        throw error;
      });
    } catch (error) {
      const message = `PAYLOAD_STORE: cannot ${verb} at ${store.address}: ${messageOf(error)}`;
      const cause = error instanceof Error ? error : undefined;
      throw ApplicationFailure.create({ message, type: 'HW_UNAVAILABLE', nonRetryable: false, cause });
    } finally {
      unlink();
    }
  }
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
