import { Registry, type MetricObject } from 'prom-client';
import { bridgeMetrics, httpMetrics, workerMetrics, type Metrics } from './metrics';

/** The tables of docs/reference/metrics.md. */
export function metricTables(): string {
  return [
    table('Bridge', bridgeMetrics),
    table('HTTP door', httpMetrics),
    table('Worker', workerMetrics),
  ].join('\n\n');
}

/** The types of prom-client leave out what it has. */
type Described = MetricObject & { labelNames: string[] };

function table(process: string, add: (metrics: Metrics) => unknown): string {
  const registry = new Registry();
  add({ registry });
  const rows = (registry.getMetricsAsArray() as Described[]).map(({ name, type, help, labelNames }) => {
    const labels = labelNames.filter((label) => label !== 'le').map((label) => `\`${label}\``);
    return `| \`${name}\` | ${type} | ${labels.join(', ') || '-'} | ${help} |`;
  });
  const heading = ['| metric | type | labels | what it is |', '|---|---|---|---|'];
  return [`### ${process}`, '', ...heading, ...rows].join('\n');
}
