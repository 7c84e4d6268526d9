import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import S3rver from 's3rver';

export interface S3Server {
  /** What a process needs to use it. */
  env: Record<string, string>;
  /** Where the server keeps its files. */
  directory: string;
  /** Goes away, and comes back on the same port with the same objects. */
  stop(): Promise<void>;
  start(): Promise<void>;
  remove(): Promise<void>;
}

export const bucket = 'payloads';

/** An S3-compatible server (s3rver) on a free port of this machine. */
export async function startS3Server(): Promise<S3Server> {
  const directory = mkdtempSync(join(tmpdir(), 'headway-s3-'));
  let running: S3rver | undefined;
  let port = 0;
  const start = async () => {
    const options = { address: '127.0.0.1', port, directory, silent: true, vhostBuckets: false };
    const server = new S3rver({ ...options, configureBuckets: [{ name: bucket, configs: [] }] });
    port = (await server.run()).port;
    running = server;
  };
  const stop = async () => {
    const server = running;
    running = undefined;
    await server?.close();
  };
  await start();
  return {
    env: {
      AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}`,
      AWS_ACCESS_KEY_ID: 'S3RVER',
      AWS_SECRET_ACCESS_KEY: 'S3RVER',
    },
    directory,
    start,
    stop,
    async remove() {
      await stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
