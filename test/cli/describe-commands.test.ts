import { join } from 'node:path';
import { commands } from '../../cli/commands';
import { describeCommands } from '../../cli/describe-commands';
import { HeadwayCommand } from '../../cli/headway-command';
import { expectGenerated } from '../support/generated-docs';
import { createContext } from './support';

test('a description that asks something ends with its question mark', () => {
  const asking = new HeadwayCommand('ask').description('is it so?').withExample('headway ask');
  expect(describeCommands([asking])).toContain('\nIs it so?\n');
});

test('an option that has to be given says so, on its help page too', () => {
  const strict = new HeadwayCommand('ask').requiredOption('--name <name>', 'whose it is');
  expect(describeCommands([strict])).toContain('| `--name <name>` | whose it is | required |');
  expect(strict.helpInformation()).toMatch(/--name <name> +whose it is \(required\)/);
});

test('docs/reference/commands.md has every command and option; UPDATE_DOCS=1 writes it anew', () => {
  const page = join(__dirname, '..', '..', 'docs', 'reference', 'commands.md');
  const made = commands.map((make) => make(createContext().context));
  expectGenerated(page, 'commands', describeCommands(made));
});
