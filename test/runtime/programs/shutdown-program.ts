import { createLogger } from '../../../runtime/logger';
import { onShutdown } from '../../../runtime/shutdown';

/** Arguments: `fails` lets a step fail, `hangs` lets one never end, `begins` begins the shutdown itself. */
const args = process.argv.slice(2);
const logger = createLogger({ level: 'info', format: 'json' }, 'program');
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const shutdown = onShutdown(logger, { deadlineMs: args.includes('hangs-briefly') ? 300 : 60_000 });
shutdown.add('first', () => say('ran first'));
shutdown.add('second', async () => {
  await new Promise((resolve) => setImmediate(resolve));
  say('ran second');
  if (args.includes('fails')) throw new Error('cannot stop');
  if (args.some((arg) => arg.startsWith('hangs'))) await new Promise(() => {});
});
shutdown.signal.addEventListener('abort', () => say(`aborted: ${String(shutdown.signal.reason)}`));
setInterval(() => {}, 60_000);
if (args.includes('begins')) shutdown.begin('worker failed', true);
say('up');
