import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { freePort } from '../../bench/waiting-calls/free-port';
import { eventually } from '../support/eventually';

/** The Python that has the packages of the servers; docs/llm.md, "Providers", says which. */
const python = process.env.PROVIDERS_PYTHON ?? 'python3';

export interface ProviderServer {
  baseUrl: string;
  stop(): Promise<void>;
}

/** What is missing of these modules in `PROVIDERS_PYTHON`; undefined when nothing is. */
export function missing(...modules: string[]): string | undefined {
  const { status, error } = spawnSync(python, ['-c', `import ${modules.join(', ')}`]);
  if (error) return `${python} cannot be run`;
  return status === 0 ? undefined : `${python} cannot import ${modules.join(', ')}`;
}

/** llama.cpp's server with a model of random weights, named `random`. */
export async function startLlamaCpp(): Promise<ProviderServer> {
  const port = await freePort();
  return start(port, python, [join(__dirname, 'llama-cpp.py'), String(port)]);
}

/** OGX, which has background mode, in front of another server. Its model is named `llama/random`. */
export async function startOgx(inFrontOf: ProviderServer): Promise<ProviderServer> {
  const port = await freePort();
  const args = ['run', '--insecure', '--port', String(port), join(__dirname, 'ogx.yaml')];
  return start(port, join(dirname(python), 'ogx'), args, { LLAMA_CPP_URL: inFrontOf.baseUrl });
}

async function start(
  port: number,
  command: string,
  args: string[],
  env: NodeJS.ProcessEnv = {},
): Promise<ProviderServer> {
  const baseUrl = `http://127.0.0.1:${port}/v1`;
  const folder = mkdtempSync(join(tmpdir(), 'headway-provider-'));
  const child = spawn(command, args, {
    env: { ...process.env, TMPDIR: folder, OGX_FOLDER: folder, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const log = keepLog(child);
  // OGX waits for its calls when it is asked to end.
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await eventually(`${command} answers`, async () => {
      if (child.exitCode !== null) throw new Error(`${command} ended: ${log()}`);
      return fetch(`${baseUrl}/models`).then(
        ({ ok }) => ok,
        () => false,
      );
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { baseUrl, stop };
}

function keepLog(child: ChildProcess): () => string {
  let log = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => (log = (log + text).slice(-5_000)));
  child.on('error', ({ message }) => (log += message));
  return () => log;
}
