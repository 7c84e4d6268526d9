import { once } from 'node:events';
import { HeadwayError, messageOf } from '../../contracts/errors';
import { loadConfig } from '../../runtime/config/config';
import { isLoopback } from '../../runtime/loopback';
import type { CliContext } from '../context';
import { HeadwayCommand } from '../headway-command';
import { readCount } from '../read-number';

interface Options {
  uiOrigin: string;
  host: string;
  port: number;
}

/** `headway codec-server`: shows confidential jobs in Temporal UI, to whoever may see them. */
export function codecServerCommand(context: CliContext): HeadwayCommand {
  return new HeadwayCommand('codec-server')
    .description('decrypt confidential jobs for Temporal UI (PAYLOAD_KEYS), until Ctrl-C')
    .requiredOption('--ui-origin <origin>', 'where Temporal UI is, such as http://127.0.0.1:8233')
    .option(
      '--host <host>',
      'address to listen on; any but a loopback address needs HTTP_API_KEYS',
      '127.0.0.1',
    )
    .option('--port <n>', 'port to listen on', readCount, 8_888)
    .withExample('headway codec-server --ui-origin http://127.0.0.1:8233')
    .setAside()
    .action((options: Options) => run(options, context));
}

async function run({ uiOrigin, host, port }: Options, { env, signal, stderr }: CliContext): Promise<void> {
  const { payloads, http } = loadConfig(env, ['payloads', 'http']);
  if (!payloads.keys) throw invalid('PAYLOAD_KEYS must be set: without it there is nothing to decrypt with.');
  if (originOf(uiOrigin) !== uiOrigin) {
    throw invalid('--ui-origin: must be scheme, host and port alone, such as http://127.0.0.1:8233.');
  }
  if (!isLoopback(host) && !http.apiKeys) {
    throw invalid('HTTP_API_KEYS must be set, since --host is an address that other machines can reach.');
  }
  // Loaded on use: no other command needs a server.
  const { createCodecApp } = await import('../../bridge/http/codec-app.js');
  const app = createCodecApp({ keys: payloads.keys, uiOrigin, apiKeys: http.apiKeys });
  try {
    const address = await app.listen({ host, port }).catch((error: unknown) => {
      throw invalid(
        `--port: ${port} of ${host} cannot be listened on: ${messageOf(error)}. Another one may do, and 0 takes a free one.`,
        error,
      );
    });
    stderr.write(`Codec server for Temporal UI: ${address}\n`);
    if (!signal.aborted) await once(signal, 'abort');
  } finally {
    await app.close();
  }
  signal.throwIfAborted();
}

function originOf(url: string): string | undefined {
  try {
    return new URL(url).origin;
  } catch {
    return undefined;
  }
}

function invalid(sentence: string, cause?: unknown): HeadwayError {
  return new HeadwayError('HW_CONFIG_INVALID', sentence, { cause });
}
