import { createHash } from 'node:crypto';
import { ApplicationFailure, StorageDriverClaim, type Payload, type StorageDriver } from '@temporalio/common';
import { temporal } from '@temporalio/proto';
import { messageOf } from '../../contracts/errors';
import type { BlobStore } from './blob-store';

const PayloadMessage = temporal.api.common.v1.Payload;

/** Written into the histories, so it is never changed. The same for all stores: blobs may be moved to another one. */
const DRIVER_NAME = 'headway';

/**
 * Keeps large payloads in `store`, and references to them in the histories: name (the SHA-256 sum of the bytes) and size.
 *
 * Trouble is thrown as ApplicationFailure `HW_UNAVAILABLE`: the start, workflow task or activity it happens in is tried again
 * until the store is back, and no job fails by it.
 */
export function createPayloadDriver(store: BlobStore): StorageDriver {
  return {
    name: DRIVER_NAME,
    type: 'headway.payload-store',

    // One after the other: they are large, and each is held in memory twice.
    async store({ abortSignal }, payloads) {
      const claims: StorageDriverClaim[] = [];
      for (const payload of payloads) {
        const bytes = PayloadMessage.encode(payload).finish();
        const sha256 = sha256Of(bytes);
        await unavailableUnlessDone(store, 'write', () => store.put(sha256, bytes, abortSignal));
        claims.push(new StorageDriverClaim({ sha256, bytes: String(bytes.length) }));
      }
      return claims;
    },

    async retrieve({ abortSignal }, claims) {
      const payloads: Payload[] = [];
      for (const { claimData } of claims) {
        const name = claimData.sha256 ?? '';
        const bytes = await unavailableUnlessDone(store, 'read', () => read(name, abortSignal));
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
}

async function unavailableUnlessDone<T>(
  { address }: BlobStore,
  verb: 'read' | 'write',
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const message = `PAYLOAD_STORE: cannot ${verb} at ${address}: ${messageOf(error)}`;
    const cause = error instanceof Error ? error : undefined;
    throw ApplicationFailure.create({ message, type: 'HW_UNAVAILABLE', nonRetryable: false, cause });
  }
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
