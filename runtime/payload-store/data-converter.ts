import { ExternalStorage, type DataConverter } from '@temporalio/common';
import type { PayloadStore } from './payload-store';
import { createPayloadDriver } from './driver';
import { createFolderStore } from './folder-store';
import { createS3Store } from './s3-store';

/** What every client and worker converts payloads with. It must be the same in all of them. */
export function createDataConverter(payloadStore: PayloadStore | undefined): DataConverter {
  if (!payloadStore) return {};
  const { place, thresholdBytes } = payloadStore;
  const store = place.kind === 's3' ? createS3Store(place) : createFolderStore(place.folder);
  return {
    externalStorage: new ExternalStorage({
      drivers: [createPayloadDriver(store)],
      payloadSizeThreshold: thresholdBytes,
    }),
  };
}
