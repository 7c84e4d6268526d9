import { Client } from '@temporalio/client';
import { newPayloadKey, readPayloadKeys } from '../../../runtime/payload-keys/payload-keys';
import { requireEncryption, requireKeys } from '../../../runtime/payload-keys/require-keys';
import { createDataConverter } from '../../../runtime/payload-store/data-converter';
import { ConfigProblems } from '../../../runtime/config/problems';
import { policySchema } from '../../../contracts/policy';

const payloadKeys = readPayloadKeys(newPayloadKey('one'), new ConfigProblems());
const open = policySchema.parse({});
const confidential = policySchema.parse({ confidential: true });
const pipelines = [
  { name: 'open', policy: open },
  { name: 'patients', policy: confidential },
];

test('a process with a confidential pipeline refuses to start without a key, and names pipeline and variable', () => {
  expect(() => requireKeys(pipelines, {})).toThrow(
    /^PAYLOAD_KEYS must be set, .* "patients" is confidential/,
  );
  expect(() => requireKeys(pipelines, { payloadKeys })).not.toThrow();
  expect(() => requireKeys(pipelines.slice(0, 1), {})).not.toThrow();
});

test('nobody starts a confidential job with a client that does not encrypt', async () => {
  const connection = { plugins: [] } as never;
  const clientWith = (options: Parameters<typeof createDataConverter>[0]) =>
    new Client({ connection, dataConverter: createDataConverter(options) });
  const bare = new Client({ connection });
  for (const client of [bare, clientWith({})]) {
    expect(() => requireEncryption(client, [open, confidential])).toThrow(/^PAYLOAD_KEYS must be set/);
    expect(() => requireEncryption(client, [open])).not.toThrow();
  }
  expect(() => requireEncryption(clientWith({ payloadKeys }), [confidential])).not.toThrow();
  await Promise.resolve();
});
