import { ExternalStorage, type DataConverter } from '@temporalio/common';
import { createPayloadCodec } from '../payload-keys/codec';
import type { PayloadKey } from '../payload-keys/payload-keys';
import type { PayloadStore } from './payload-store';
import { createPayloadDriver } from './driver';
import { createFolderStore } from './folder-store';
import { createS3Store } from './s3-store';

export interface PayloadOptions {
  payloadStore?: PayloadStore;
  payloadKeys?: readonly PayloadKey[];
}

/**
 * What every client and worker converts payloads with. It must be the same in all of them. Codecs come before the store, so what lies
 * there is encrypted where it has to be.
 */
export function createDataConverter({ payloadStore, payloadKeys }: PayloadOptions): DataConverter {
  const payloadCodecs = [createPayloadCodec(payloadKeys)];
  if (!payloadStore) return { payloadCodecs };
  const { place, thresholdBytes } = payloadStore;
  const store = place.kind === 's3' ? createS3Store(place) : createFolderStore(place.folder);
  return {
    payloadCodecs,
    externalStorage: new ExternalStorage({
      drivers: [createPayloadDriver(store)],
      payloadSizeThreshold: thresholdBytes,
    }),
  };
}
