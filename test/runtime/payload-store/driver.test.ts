import type { Client } from '@temporalio/client';
import {
  ApplicationFailure,
  defaultPayloadConverter,
  ExternalStorage,
  type Payload,
} from '@temporalio/common';
import { ExternalStorageRunner } from '@temporalio/common/lib/internal-non-workflow';
import type { BlobStore } from '../../../runtime/payload-store/blob-store';
import { createPayloadDriver } from '../../../runtime/payload-store/driver';
import { readPayload } from '../../../runtime/payload-store/read-payload';

const value = { text: 'x'.repeat(5_000), umlaut: 'ä🚀', list: [1, null] };
const payload: Payload = defaultPayloadConverter.toPayload(value);

/** The store the SDK would use, over a map. */
function setUp(change: Partial<BlobStore> = {}, timeLimitMs?: number) {
  const blobs = new Map<string, Uint8Array>();
  const store: BlobStore = {
    address: 'memory',
    put: (name, bytes) => Promise.resolve(void blobs.set(name, bytes)),
    get: (name) => Promise.resolve(blobs.get(name)),
    ...change,
  };
  const drivers = [createPayloadDriver(store, timeLimitMs)];
  const externalStorage = new ExternalStorage({ drivers, payloadSizeThreshold: 1_000 });
  const runner = new ExternalStorageRunner(externalStorage);
  const options = {
    loadedDataConverter: { payloadConverter: defaultPayloadConverter, payloadCodecs: [], externalStorage },
  };
  return { blobs, runner, client: { options } as unknown as Client };
}

async function storedIn({ runner }: ReturnType<typeof setUp>): Promise<Payload> {
  const [reference] = await runner.store([payload]);
  if (!reference) throw new Error('nothing was stored');
  return reference;
}

it('keeps a large payload outside, and its name and size in the history', async () => {
  const memory = setUp();
  const reference = await storedIn(memory);
  const [name] = memory.blobs.keys();
  expect(JSON.parse(Buffer.from(reference.data ?? []).toString())).toEqual({
    driverName: 'headway',
    claimData: { sha256: name, bytes: String(memory.blobs.get(name ?? '')?.length) },
  });
  const [back] = await memory.runner.retrieve([reference]);
  expect(defaultPayloadConverter.fromPayload(back as Payload)).toEqual(value);
});

it('leaves a small payload alone', async () => {
  const memory = setUp();
  const small: Payload = defaultPayloadConverter.toPayload('small');
  expect(await memory.runner.store([small])).toEqual([small]);
  expect(memory.blobs.size).toBe(0);
});

it('is read from a history event by event too', async () => {
  const memory = setUp();
  expect(await readPayload(memory.client, await storedIn(memory))).toEqual(value);
  expect(await readPayload(memory.client, payload)).toEqual(value);
});

it('is not read by a client without a store, which says what is missing', async () => {
  const memory = setUp();
  const reference = await storedIn(memory);
  const options = { loadedDataConverter: { payloadConverter: defaultPayloadConverter, payloadCodecs: [] } };
  await expect(readPayload({ options } as unknown as Client, reference)).rejects.toThrow(/PAYLOAD_STORE/);
});

describe('what cannot be had is waited for: a failure that may pass, naming PAYLOAD_STORE', () => {
  const waits = async (memory: ReturnType<typeof setUp>, reference: Payload, problem: RegExp) => {
    const failure: unknown = await memory.runner.retrieve([reference]).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ApplicationFailure);
    expect(failure).toMatchObject({ type: 'HW_UNAVAILABLE', nonRetryable: false });
    expect((failure as Error).message).toMatch(/^PAYLOAD_STORE: cannot read at memory: /);
    expect((failure as Error).message).toMatch(problem);
  };

  it('a payload that is damaged', async () => {
    const memory = setUp();
    const reference = await storedIn(memory);
    for (const bytes of memory.blobs.values()) bytes[2_000] = 0;
    await waits(memory, reference, /payload [0-9a-f]{64} is damaged/);
  });

  it('a payload that is gone', async () => {
    const memory = setUp();
    const reference = await storedIn(memory);
    memory.blobs.clear();
    await waits(memory, reference, /is not there/);
  });

  it.each(['../../etc/passwd', '', 'F'.repeat(64), `${'f'.repeat(64)}/..`])(
    'a reference to %j, which never becomes a path',
    async (sha256) => {
      const get = jest.fn();
      const memory = setUp({ get });
      const reference = await storedIn(memory);
      const data = Buffer.from(JSON.stringify({ driverName: 'headway', claimData: { sha256 } }));
      await waits(memory, { ...reference, data }, /names no payload/);
      expect(get).not.toHaveBeenCalled();
    },
  );

  it('a store that is away', async () => {
    const memory = setUp({ put: () => Promise.reject(new Error('ENOTDIR: not a directory')) });
    await expect(memory.runner.store([payload])).rejects.toMatchObject({
      type: 'HW_UNAVAILABLE',
      message: 'PAYLOAD_STORE: cannot write at memory: ENOTDIR: not a directory',
    });
  });
});

it('a store that hangs in the middle of a payload is away, and hears that nobody waits any more', async () => {
  const memory = setUp();
  const reference = await storedIn(memory);
  let given: AbortSignal | undefined;
  const hanging = setUp({ get: (_, signal) => ((given = signal), new Promise(() => undefined)) }, 20);
  await expect(hanging.runner.retrieve([reference])).rejects.toMatchObject({
    ...{ type: 'HW_UNAVAILABLE', message: 'PAYLOAD_STORE: cannot read at memory: no answer within 0.02 s' },
  });
  expect(given?.aborted).toBe(true);
});
