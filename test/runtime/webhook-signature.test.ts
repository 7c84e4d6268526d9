import OpenAI from 'openai';
import { isSignedWebhook, webhookSignature } from '../../runtime/webhook-signature';

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const body = '{"type":"response.completed","data":{"id":"resp_1","text":"ü"}}';

/** By a client that was not written here. */
const { webhooks } = new OpenAI({ apiKey: 'any' });

test('is the one that the Standard Webhooks specification gives as its example', () => {
  const parts = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestamp: '1614265330', body: '{"test": 2432232314}' };
  expect(webhookSignature(secret, parts)).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
});

test('is taken by the client of OpenAI, and what that client takes is taken here', async () => {
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const signature = webhookSignature(secret, { id: 'wh_1', timestamp, body });
  const headers = { 'webhook-id': 'wh_1', 'webhook-timestamp': timestamp, 'webhook-signature': signature };
  await expect(webhooks.unwrap(body, headers, secret)).resolves.toMatchObject({ data: { id: 'resp_1' } });
  await expect(webhooks.unwrap(`${body} `, headers, secret)).rejects.toThrow('does not match');
  expect(isSignedWebhook(headers, Buffer.from(body), [secret])).toBe(true);
  expect(isSignedWebhook(headers, Buffer.from(`${body} `), [secret])).toBe(false);
});
