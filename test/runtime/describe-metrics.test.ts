import { join } from 'node:path';
import { metricTables } from '../../runtime/describe-metrics';
import { expectGenerated } from '../support/generated-docs';

test('docs/reference/metrics.md names every metric; UPDATE_DOCS=1 writes it anew', () => {
  expectGenerated(join(__dirname, '..', '..', 'docs', 'reference', 'metrics.md'), 'metrics', metricTables());
});
