import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { deadLetterHeaders } from '../../contracts/headers';
import { newPayloadKey } from '../../runtime/payload-keys/payload-keys';
import { eventually } from '../support/eventually';
import { useRig } from '../support/use-rig';

const rig = useRig({ env: { PAYLOAD_KEYS: newPayloadKey('test') } });
const withPipeline = { HEADWAY_PIPELINES: join(__dirname, 'case-notes.cjs') };

/** Stands in values and keys of the sender's own. */
const secret = `geheim-${randomBytes(6).toString('hex')}`;

test('a record that is refused leaves nothing of what its sender wrote in the log of the bridge, nor in the reason of the dead letter', async () => {
  const bridge = await rig.startBridge(withPipeline);
  const good = { pipeline: 'case-notes', input: { text: secret } };
  const refused: [string, object | string][] = [
    ['HW_JOB_INVALID', { ...good, input: { text: { [secret]: secret } } }],
    ['HW_JOB_INVALID', { ...good, input: { goesWrong: [secret] }, [secret]: secret }],
    ['HW_JOB_INVALID', { ...good, metadata: { [secret]: { of: secret } } }],
    ['HW_JOB_INVALID', { ...good, deadline: secret, priority: secret, maxCostUsd: secret }],
    ['HW_JOB_INVALID', `{"pipeline":"case-notes","input":{"text":"${secret}","${secret}":{"__proto__":1}}}`],
    [
      'HW_JOB_INVALID',
      `{"pipeline":"case-notes","input":{"text":"${secret}","${secret}":12345678901234567891}}`,
    ],
    ['HW_RECORD_NOT_JSON', `{"pipeline":"case-notes","input":{"text":"${secret}" "${secret}"}}`],
    ['HW_JOB_INVALID', { pipeline: 'nobody-has-it', input: {}, [secret]: secret }],
  ];
  // Of one that is not confidential the key is told: what is looked at below is where reasons stand.
  const open = { pipeline: 'company-brief', input: {}, metadata: { 'open-key': { of: 1 } } };
  const all = [...refused, ['HW_JOB_INVALID', open] as const];
  await rig.produceRaw(
    all.map(([, value]) => (typeof value === 'string' ? value : JSON.stringify(value))),
    0,
  );
  await eventually(
    'all are dead letters',
    () => rig.deadLetters.length === all.length || `${rig.deadLetters.length}`,
  );
  await bridge.logged(/open-key/);

  expect(rig.deadLetters.map(({ headers }) => headers[deadLetterHeaders.class])).toEqual(
    all.map(([code]) => expect.stringContaining(code)),
  );
  for (const { value, headers } of rig.deadLetters.slice(0, -1)) {
    expect(String(value)).toContain(secret);
    expect(headers[deadLetterHeaders.message]).toBeTruthy();
    expect(JSON.stringify(headers)).not.toContain(secret);
  }
  expect(rig.deadLetters.at(-1)!.headers[deadLetterHeaders.message]).toContain('open-key');
  expect(bridge.log()).not.toContain(secret);
}, 240_000);
