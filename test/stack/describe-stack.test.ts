import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeStack } from '../../stack/describe-stack';
import { temporaryFolder } from './temporary-folder';

const folder = temporaryFolder();

const addresses = {
  pid: 1,
  startedAt: '2026-01-31T00:00:00Z',
  kafkaBrokers: '127.0.0.1:24111,127.0.0.1:9093',
  temporalAddress: '127.0.0.1:7233',
  temporalNamespace: 'default',
};

test('a port that is not the usual one is explained, except those that brokers use among each other', () => {
  const movedPorts = [
    { preferred: 9092, port: 24111 },
    { preferred: 9102, port: 24112 },
  ];
  const text = describeStack({ addresses, movedPorts });
  expect(text).toContain('\nPort 9092 is in use, so Kafka is on 24111.\nThe stack is up.');
  expect(text).not.toContain('9102');
});

test("Temporal's own command is not named where the stack started no Temporal", () => {
  expect(describeStack({ addresses, movedPorts: [] })).not.toContain('alias');
});

test.each(['default', 'jobs'])('the alias it prints works in a shell (namespace %s)', (temporalNamespace) => {
  const program = join(folder(), "temporal of a 'friend'");
  writeFileSync(program, '#!/bin/sh\necho "$TEMPORAL_ADDRESS ${TEMPORAL_NAMESPACE-default} $*"\n', {
    mode: 0o755,
  });
  const text = describeStack({
    addresses: { ...addresses, temporalNamespace },
    movedPorts: [],
    temporalCli: program,
  });
  const alias = /^ +(alias .*)$/m.exec(text)?.[1];
  const input = `shopt -s expand_aliases\n${alias}\ntemporal workflow list\n`;
  expect(execFileSync('bash', { input, encoding: 'utf8' })).toBe(
    `127.0.0.1:7233 ${temporalNamespace} workflow list\n`,
  );
});
