import { relative } from 'node:path';
import type { System } from './start-system';
import { temporalUi } from './temporal-ui';

/** What there is to see while `--keep` leaves everything running. */
export function lookAround({ addresses, config, bridge, worker, logDir, stateFile }: System): string {
  const ui = temporalUi(addresses.temporalUiUrl, config.temporal.namespace);
  const { llmBaseUrl } = addresses;
  const rows = [
    ['All workflows', ui.workflows],
    ['One job', ui.search('HeadwayJobIds="brief-slow"')],
    ['With failed jobs', ui.search('HeadwayFailedCount>0')],
    ['Kafka', `${config.kafka.brokers.join(',')}, topics ${Object.values(config.topics).join(', ')}`],
    ['PostgreSQL', addresses.databaseUrl],
    ['Simulator', llmBaseUrl && `curl -s '${new URL('/simulator/calls?totals=only', llmBaseUrl).href}'`],
    ['Bridge', `curl -s ${bridge.address}/metrics`],
    ['Worker', `curl -s ${worker.address}/metrics`],
    ['Logs', shown(logDir)],
    ['One more worker', `HEADWAY_STACK_FILE=${shown(stateFile)} npm run worker`],
  ];
  const lines = rows
    .filter(([, value]) => value !== undefined)
    .map(([name = '', value]) => `  ${name.padEnd(18)}${value}`);
  return ['', 'Everything is still running. To look around:', ...lines, '', 'Stop it with Ctrl-C.', ''].join(
    '\n',
  );
}

function shown(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') ? path : short;
}
