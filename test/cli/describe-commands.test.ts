import { join } from 'node:path';
import { commands } from '../../cli/commands';
import { describeCommands } from '../../cli/describe-commands';
import { expectGenerated } from '../support/generated-docs';
import { createContext } from './support';

test('docs/reference/commands.md has every command and option; UPDATE_DOCS=1 writes it anew', () => {
  const page = join(__dirname, '..', '..', 'docs', 'reference', 'commands.md');
  const made = commands.map((make) => make(createContext().context));
  expectGenerated(page, 'commands', describeCommands(made));
});
