import { matching, name, wholeNumber } from './kinds';

export const http = {
  HTTP_HOST: name(
    '127.0.0.1',
    'Address that the HTTP door listens on. Any but a loopback address needs `HTTP_API_KEYS`, and TLS in front of it.',
  ),
  HTTP_PORT: wholeNumber(0, 65_535, 8_080, 'Its port. 0 takes a free one; the log says which.'),
  HTTP_API_KEYS: matching(
    /^\s*(\[[^]*|[^\s[][^]*)$/,
    'a JSON list of keys, or the path of a file with it',
    'Who may use the HTTP door: hashes of keys, each with tenant and scopes; see [API keys](http.md#api-keys).',
    'no keys: whoever can reach the loopback address may do everything',
    true,
  ),
  OPENAI_WEBHOOK_SECRET: matching(
    /^\s*whsec_[A-Za-z0-9+/]{16,}={0,2}(\s*,\s*whsec_[A-Za-z0-9+/]{16,}={0,2})*\s*$/,
    'the signing secret of a webhook, `whsec_` and base64, or several of them, separated by commas',
    'Signing secret of the webhooks that the LLM provider sends to the HTTP door, so that workers need hardly poll; several while it is ' +
      'changed. Needs `DATABASE_URL`; see [LLM](../llm.md#webhooks).',
    'no webhooks are taken',
    true,
  ),
  HTTP_RATE_LIMIT_PER_MINUTE: wholeNumber(
    1,
    10_000_000,
    6_000,
    'Requests a minute for each key, or without keys for all together. A batch is one request.',
  ),
  HTTP_MAX_CONNECTIONS: wholeNumber(
    1,
    100_000,
    1_000,
    'Connections open at a time; further ones are closed.',
  ),
  HTTP_MAX_STREAMS: wholeNumber(
    1,
    50_000,
    200,
    'Event streams, batches and waiting requests open at a time, half of them for one key where there are several.',
  ),
  HTTP_START_CONCURRENCY: wholeNumber(
    1,
    64,
    12,
    'Jobs being started at a time. A server is saturated by 8; more only makes each of them slower.',
  ),
};
