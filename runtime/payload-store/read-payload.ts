import { StorageDriverClaim, type LoadedDataConverter, type Payload } from '@temporalio/common';

/** A client, or as much of it as is needed to read. */
export interface PayloadReader {
  options: { loadedDataConverter: LoadedDataConverter };
}

/**
 * The value of a payload as it stands in a history that was read event by event. (What the client itself hands out
 * has been through this already.)
 *
 * @throws Error when it lies in a payload store that `client` does not know, or that is away; when it has not the key
 */
export async function readPayload<T>(client: PayloadReader, payload: Payload): Promise<T> {
  const { payloadConverter, payloadCodecs, externalStorage } = client.options.loadedDataConverter;
  let plain = payload;
  const reference = referenceIn(payload);
  if (reference) {
    const driver = externalStorage?.getDriver(reference.driverName);
    if (!driver) throw new Error('PAYLOAD_STORE is not set here, and a payload was moved to one');
    const [fetched] = await driver.retrieve({}, [new StorageDriverClaim(reference.claimData)]);
    plain = fetched ?? payload;
  }
  for (const codec of [...payloadCodecs].reverse()) plain = (await codec.decode([plain]))[0] ?? plain;
  return payloadConverter.fromPayload<T>(plain);
}

interface Reference {
  driverName: string;
  claimData: Record<string, string>;
}

/** https://github.com/temporalio/api/blob/master/temporal/api/sdk/v1/external_storage.proto */
function referenceIn({ metadata, data }: Payload): Reference | undefined {
  const text = (bytes?: Uint8Array | null) => (bytes ? Buffer.from(bytes).toString() : '');
  const isReference = text(metadata?.messageType) === 'temporal.api.sdk.v1.ExternalStorageReference';
  return isReference ? (JSON.parse(text(data)) as Reference) : undefined;
}
