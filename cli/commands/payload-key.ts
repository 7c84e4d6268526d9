import { HeadwayError } from '../../contracts/errors';
import { newPayloadKey, PAYLOAD_KEY_ID } from '../../runtime/payload-keys/payload-keys';
import type { CliContext } from '../context';
import { HeadwayCommand } from '../headway-command';
import { printJson } from '../output';

interface Options {
  id?: string;
  json?: boolean;
}

/** `headway payload-key`: a key for PAYLOAD_KEYS. */
export function payloadKeyCommand(context: CliContext): HeadwayCommand {
  return new HeadwayCommand('payload-key')
    .description('make a random key for PAYLOAD_KEYS; it is kept nowhere')
    .option('--id <id>', 'what it is called (default: the day, such as 2026-01-31)')
    .option('--json', 'print JSON')
    .withExample('headway payload-key --id 2026')
    .setAside()
    .action(({ id: given, json }: Options) => {
      const id = given ?? new Date().toISOString().slice(0, 10);
      if (!PAYLOAD_KEY_ID.test(id)) {
        const message = '--id: must be 1 to 64 letters, digits, dots, underscores or hyphens.';
        throw new HeadwayError('HW_CONFIG_INVALID', message);
      }
      const key = newPayloadKey(id);
      if (json) return printJson(context, { key });
      const another = given === undefined ? ` A second key of one day needs another id: --id ${id}-b.` : '';
      context.stderr.write(
        `An entry of PAYLOAD_KEYS: the first of them encrypts, all decrypt. Without it, what it encrypted is lost.${another}\n`,
      );
      context.stdout.write(`${key}\n`);
    });
}
