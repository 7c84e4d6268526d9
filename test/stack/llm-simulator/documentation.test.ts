import { join } from 'node:path';
import { faultMeanings } from '../../../stack/llm-simulator/fault-names';
import { expectGenerated } from '../../support/generated-docs';

const page = join(__dirname, '..', '..', '..', 'docs', 'reference', 'llm-simulator.md');

test('docs/reference/llm-simulator.md names every fault; UPDATE_DOCS=1 writes it anew', () => {
  const rows = Object.entries(faultMeanings).map(([name, meaning]) => `| \`${name}\` | ${meaning} |`);
  expectGenerated(page, 'faults', ['| fault | what happens |', '|---|---|', ...rows].join('\n'));
});
