import type { Stack } from './types';

/** What a person is told when the stack is up: where everything is, why it is not where it usually is, and how to call Temporal's own command. */
export function describeStack({
  addresses,
  temporalCli,
  movedPorts,
}: Pick<Stack, 'addresses' | 'temporalCli' | 'movedPorts'>): string {
  const { kafkaBrokers, temporalAddress, temporalNamespace, temporalUiUrl, databaseUrl, llmBaseUrl } =
    addresses;
  const rows = [
    ['Kafka', kafkaBrokers],
    ['Temporal', temporalAddress],
    ['Temporal UI', temporalUiUrl],
    ['PostgreSQL', databaseUrl],
    ['LLM (simulated)', llmBaseUrl],
  ].filter((row): row is [string, string] => row[1] !== undefined);
  const lines = rows.map(([name, address]) => `  ${name.padEnd(16)} ${address}`);
  // Ports that brokers use among each other are nobody's business.
  const moved = rows.flatMap(([name, address]) =>
    movedPorts
      .filter(({ port }) => new RegExp(`:${port}\\b`).test(address))
      .map(({ preferred, port }) => `Port ${preferred} is in use, so ${name} is on ${port}.`),
  );
  const alias =
    temporalCli !== undefined && temporalAddress !== undefined
      ? [
          '',
          "Temporal's own command, for another terminal:",
          `  ${aliasOf(temporalCli, temporalAddress, temporalNamespace)}`,
        ]
      : [];
  return ['', ...lines, ...alias, '', ...moved, 'The stack is up. Stop it with Ctrl-C.', ''].join('\n');
}

/** Variables rather than options: every command of it knows them, wherever it stands in the line. */
function aliasOf(program: string, address: string, namespace = 'default'): string {
  const others = namespace === 'default' ? '' : ` TEMPORAL_NAMESPACE=${quoted(namespace)}`;
  return `alias temporal=${quoted(`TEMPORAL_ADDRESS=${address}${others} ${quoted(program)}`)}`;
}

/** For a POSIX shell. */
function quoted(text: string): string {
  return /^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
