import type * as S3 from '@aws-sdk/client-s3';
import type { BlobStore } from './blob-store';

export interface S3Place {
  bucket: string;
  /** Without slashes at its ends; may be empty. */
  prefix: string;
}

/** A blob younger than this is not written again; an older one is, so that a lifecycle rule does not take it. */
const YOUNG_MS = 24 * 3_600_000;

/**
 * Blobs as objects of a bucket. Region, endpoint and credentials come from where all AWS tools read them: variables (`AWS_*`),
 * profile, or the role of the machine.
 */
export function createS3Store({ bucket, prefix }: S3Place): BlobStore {
  let connected: Promise<Connection> | undefined;
  const connect = () => (connected ??= openConnection());
  const locate = (name: string) => ({
    Bucket: bucket,
    Key: [prefix, name.slice(0, 2), name].filter(Boolean).join('/'),
  });

  return {
    address: `s3://${bucket}/${prefix}`,

    async put(name, bytes, abortSignal) {
      const { client, PutObjectCommand } = await connect();
      if (await isYoung(name, bytes.length, abortSignal)) return;
      const object = { ...locate(name), Body: bytes, ContentType: 'application/octet-stream' };
      await client.send(new PutObjectCommand(object), { abortSignal });
    },

    async get(name, abortSignal) {
      const { client, GetObjectCommand } = await connect();
      try {
        const { Body } = await client.send(new GetObjectCommand(locate(name)), { abortSignal });
        return await Body?.transformToByteArray();
      } catch (error) {
        if ((error as Error).name === 'NoSuchKey') return undefined;
        throw error;
      }
    },
  };

  async function isYoung(name: string, size: number, abortSignal?: AbortSignal): Promise<boolean> {
    const { client, HeadObjectCommand } = await connect();
    try {
      const head = await client.send(new HeadObjectCommand(locate(name)), { abortSignal });
      return head.ContentLength === size && Date.now() - Number(head.LastModified) < YOUNG_MS;
    } catch (error) {
      // 403 is the answer for a missing object without the right to list, 404 with it.
      const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
      if (status === 403 || status === 404) return false;
      throw error;
    }
  }
}

type Commands = Pick<typeof S3, 'GetObjectCommand' | 'HeadObjectCommand' | 'PutObjectCommand'>;
type Connection = Commands & { client: S3.S3Client };

async function openConnection(): Promise<Connection> {
  // Loaded on use: it is large, and most set-ups have no S3.
  const { S3Client, GetObjectCommand, HeadObjectCommand, PutObjectCommand } =
    await import('@aws-sdk/client-s3');
  const { env } = process;
  const ownEndpoint = Boolean(env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL);
  const client = new S3Client({
    // Other servers than Amazon's have no name for each bucket, and most do not care about the region.
    forcePathStyle: ownEndpoint,
    ...(ownEndpoint && { region: env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? 'us-east-1' }),
    // Not all of them know the new checksums. Ours is the name of the object.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 3_000, requestTimeout: 30_000, throwOnRequestTimeout: true },
  });
  return { client, GetObjectCommand, HeadObjectCommand, PutObjectCommand };
}
