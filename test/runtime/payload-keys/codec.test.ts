import { webcrypto } from 'node:crypto';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { temporal } from '@temporalio/proto';
import { createPayloadCodec } from '../../../runtime/payload-keys/codec';
import { newPayloadKey, readPayloadKeys } from '../../../runtime/payload-keys/payload-keys';
import { ConfigProblems } from '../../../runtime/config/problems';

const keysOf = (text: string) => readPayloadKeys(text, new ConfigProblems())!;
const [old, fresh] = [newPayloadKey('old'), newPayloadKey('fresh')];

const secret = { jobs: [{ input: { text: 'Alice owes Bob' } }], policies: { x: { confidential: true } } };
const payloadOf = (value: unknown) => defaultPayloadConverter.toPayload(value);
const valueOf = (payload?: Payload) => defaultPayloadConverter.fromPayload(payload!);
const text = (payload?: Payload) => Buffer.from(payload?.data ?? []).toString('latin1');

describe('a payload that carries the mark', () => {
  it('is encrypted, each time anew, and decrypted to what it was', async () => {
    const codec = createPayloadCodec(keysOf(fresh));
    const [one, two] = await codec.encode([payloadOf(secret), payloadOf(secret)]);
    for (const sealed of [one, two]) {
      expect(Buffer.from(sealed!.metadata!.encoding!).toString()).toBe('binary/encrypted');
      expect(text(sealed)).not.toMatch(/Alice|confidential/);
      expect(valueOf((await codec.decode([sealed!]))[0])).toEqual(secret);
    }
    expect(text(one)).not.toBe(text(two));
  });

  it('wherever it stands: bytes of a larger buffer are looked at where they are', async () => {
    const payload = payloadOf([{ kind: 'answer', answer: 'Alice', confidential: true }]);
    const bytes = Buffer.concat([Buffer.from('"confidential":tru'), Buffer.from(payload.data!)]);
    const [sealed] = await createPayloadCodec(keysOf(fresh)).encode([
      { ...payload, data: bytes.subarray(18) },
    ]);
    expect(text(sealed)).not.toContain('Alice');
  });

  it('is opened by what Temporal’s encryption sample does: WebCrypto, nonce first, tag last, a payload inside', async () => {
    const [{ id, bytes } = { id: '', bytes: Buffer.alloc(0) }] = keysOf(fresh);
    const [sealed] = await createPayloadCodec(keysOf(fresh)).encode([payloadOf(secret)]);
    expect(Buffer.from(sealed!.metadata!['encryption-key-id']!).toString()).toBe(id);
    const key = await webcrypto.subtle.importKey('raw', bytes, 'AES-GCM', false, ['decrypt']);
    const data = Buffer.from(sealed!.data!);
    const how = { name: 'AES-GCM', iv: data.subarray(0, 12) };
    const plain = await webcrypto.subtle.decrypt(how, key, data.subarray(12));
    expect(valueOf(temporal.api.common.v1.Payload.decode(new Uint8Array(plain)))).toEqual(secret);
  });
});

describe('a payload without the mark', () => {
  it.each<[string, unknown]>([
    ['has none', { jobs: [{ input: { text: 'Alice' } }] }],
    ['says that it is not confidential', { policies: { x: { confidential: false } } }],
    ['quotes the mark in a text', { jobs: [{ input: { text: '"confidential":true' } }] }],
    ['is nothing', undefined],
  ])('stays the very same when it %s', async (_, value) => {
    const payloads = [payloadOf(value)];
    const codec = createPayloadCodec(keysOf(fresh));
    expect((await codec.encode(payloads))[0]).toBe(payloads[0]);
    expect(await codec.decode(payloads)).toBe(payloads);
  });
});

describe('keys', () => {
  it('are changed by putting a new one in front: it encrypts, and the old one still opens', async () => {
    const [before] = await createPayloadCodec(keysOf(old)).encode([payloadOf(secret)]);
    const both = createPayloadCodec(keysOf(`${fresh}, ${old}`));
    expect(valueOf((await both.decode([before!]))[0])).toEqual(secret);
    const [after] = await both.encode([payloadOf(secret)]);
    expect(valueOf((await createPayloadCodec(keysOf(fresh)).decode([after!]))[0])).toEqual(secret);
  });

  const sameId = `fresh:${Buffer.alloc(32, 1).toString('base64')}`;
  it.each<[string, string | undefined, RegExp]>([
    [
      'there are none',
      undefined,
      /^this is encrypted with the key "fresh", and PAYLOAD_KEYS is not set here$/,
    ],
    [
      'it is not among them',
      old,
      /^this is encrypted with the key "fresh", and PAYLOAD_KEYS does not have it$/,
    ],
    ['another has its id', sameId, /^this is damaged, or the key "fresh" in PAYLOAD_KEYS is not the one/],
  ])('that are wrong make whoever reads wait: %s', async (_, keys, message) => {
    const [sealed] = await createPayloadCodec(keysOf(fresh)).encode([payloadOf(secret)]);
    const reading = createPayloadCodec(keys === undefined ? undefined : keysOf(keys)).decode([sealed!]);
    await expect(reading).rejects.toMatchObject({ type: 'HW_UNAVAILABLE', nonRetryable: false });
    await expect(reading).rejects.toThrow(message);
  });

  it('notice every change of what they have encrypted', async () => {
    const codec = createPayloadCodec(keysOf(fresh));
    const [sealed] = await codec.encode([payloadOf(secret)]);
    for (const at of [0, 20, sealed!.data!.length - 1]) {
      const data = Buffer.from(sealed!.data!);
      data[at]! ^= 1;
      await expect(codec.decode([{ ...sealed, data }])).rejects.toThrow(/damaged/);
    }
    const cut = { ...sealed, data: sealed!.data!.subarray(0, 20) };
    await expect(codec.decode([cut])).rejects.toThrow(/damaged/);
  });
});
