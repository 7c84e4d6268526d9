import { join } from 'node:path';
import { errorTable } from '../../contracts/describe-errors';
import { expectGenerated } from '../support/generated-docs';

test('docs/reference/errors.md has every error code; UPDATE_DOCS=1 writes it anew', () => {
  expectGenerated(join(__dirname, '..', '..', 'docs', 'reference', 'errors.md'), 'errors', errorTable());
});
