import { isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ConfigProblems } from '../config/problems';
import type { Environment } from '../config/environment';
import type { LocalStack } from '../local-stack';

/** Where payloads that are too large for a history are kept. */
export interface PayloadStore {
  place: { kind: 'folder'; folder: string } | { kind: 's3'; bucket: string; prefix: string };
  /** Payloads of at least this size are moved there, in bytes. */
  thresholdBytes: number;
}

/**
 * The store that is configured; that of the local stack where its Temporal is used too.
 *
 * @param stack the local stack, if the workflows run there
 */
export function readPayloadStore(
  v: Environment,
  stack: LocalStack | undefined,
  problems: ConfigProblems,
): PayloadStore | undefined {
  const url = v.PAYLOAD_STORE ?? stack?.payloadStore ?? 'none';
  if (url === 'none') return undefined;
  const place = url.startsWith('s3:') ? s3Place(url) : folderPlace(url, problems);
  return place && { place, thresholdBytes: v.PAYLOAD_STORE_THRESHOLD_BYTES };
}

function s3Place(url: string): PayloadStore['place'] {
  const [bucket = '', ...rest] = url.slice('s3://'.length).split('/');
  return { kind: 's3', bucket, prefix: rest.filter(Boolean).join('/') };
}

function folderPlace(url: string, problems: ConfigProblems): PayloadStore['place'] | undefined {
  try {
    const folder = fileURLToPath(url);
    if (isAbsolute(folder)) return { kind: 'folder', folder };
  } catch {
    // Has a host, or characters that are not encoded.
  }
  problems.add('PAYLOAD_STORE', 'must have the absolute path of a folder after `file://`');
  return undefined;
}
