import { Option } from 'commander';
import { HeadwayError } from '../../contracts/errors';
import { describeIssues } from '../../contracts/job-request';
import { apiKeySchema, apiScopeSchema, newApiKey, type ApiScope } from '../../runtime/api-keys';
import type { CliContext } from '../context';
import { HeadwayCommand } from '../headway-command';
import { printJson } from '../output';

interface Options {
  name: string;
  tenant: string;
  scope: ApiScope[];
  json?: boolean;
}

/** `headway api-key`: a key for the HTTP door. */
export function apiKeyCommand(context: CliContext): HeadwayCommand {
  return new HeadwayCommand('api-key')
    .description('make a random key for the HTTP door; it is kept nowhere')
    .requiredOption('--name <name>', 'whose it is, for the log')
    .requiredOption('--tenant <tenant>', 'the one tenant whose jobs it is for; * for all')
    .addOption(
      new Option('--scope <scopes...>', 'what it may do')
        .choices(apiScopeSchema.options)
        .default(apiScopeSchema.options),
    )
    .option('--json', 'print JSON')
    .withExample('headway api-key --name web-shop --tenant shop --scope submit read')
    .action(({ name, tenant, scope, json }: Options) => {
      const { key, sha256 } = newApiKey();
      const parsed = apiKeySchema.safeParse({ name, sha256, tenant, scopes: scope });
      if (!parsed.success)
        throw new HeadwayError('HW_CONFIG_INVALID', describeIssues(parsed.error).replace(/^/, '--'));
      if (json) return printJson(context, { key, entry: parsed.data });
      context.stderr.write('The key, which cannot be shown again; HEADWAY_API_KEY for this command:\n');
      context.stdout.write(`${key}\n`);
      context.stderr.write('An entry of HTTP_API_KEYS, a JSON array of such:\n');
      context.stdout.write(`${JSON.stringify(parsed.data)}\n`);
    });
}
