import { Writable } from 'node:stream';
import { createLogger } from '../../runtime/logger';

function capture(isTTY = false) {
  let written = '';
  const output = new Writable({
    write(chunk, _encoding, done) {
      written += String(chunk);
      done();
    },
  });
  return { output: Object.assign(output, { isTTY }), written: () => written };
}

const config = { level: 'info', format: 'auto' } as const;

describe('createLogger', () => {
  it('writes JSON with the name, the level as a word and an ISO time', () => {
    const { output, written } = capture();
    createLogger(config, 'worker', output).info({ jobId: 'j-1', workflowId: 'w-1' }, 'published');
    expect(JSON.parse(written())).toMatchObject({
      name: 'worker',
      level: 'info',
      jobId: 'j-1',
      workflowId: 'w-1',
      msg: 'published',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    });
  });

  it('writes for people on a terminal, or when asked to', () => {
    const terminal = capture(true);
    createLogger(config, 'worker', terminal.output).info({ jobId: 'j-1' }, 'published');
    const asked = capture();
    createLogger({ ...config, format: 'pretty' }, 'worker', asked.output).info('published');
    for (const text of [terminal.written(), asked.written()]) {
      expect(text).toMatch(/INFO.*\(worker\).*published/);
    }
  });

  it('writes JSON on a terminal when asked to', () => {
    const { output, written } = capture(true);
    createLogger({ ...config, format: 'json' }, 'worker', output).info('published');
    expect(JSON.parse(written())).toMatchObject({ msg: 'published' });
  });

  it('leaves out what is below its level', () => {
    const { output, written } = capture();
    createLogger({ ...config, level: 'warn' }, 'worker', output).info('published');
    expect(written()).toBe('');
  });

  const secret = 'hunter2-hunter2';
  const leaks: [string, unknown, string?][] = [
    ['a key', { apiKey: secret }],
    ['a key deep inside', { config: { llm: { retry: [{ apiKey: secret }] } } }],
    ['a key by its variable', { env: { OPENAI_API_KEY: secret, KAFKA_SASL_PASSWORD: secret } }],
    ['a login', { sasl: { username: 'u', password: `"${secret}"` } }],
    ['a header', { headers: { authorization: `Bearer ${secret}`, Authorization: [`Basic ${secret}`] } }],
    ['a database URL', { url: `postgres://headway:${secret}@localhost:5432/db` }],
    ['a database URL with an @ in the password', { url: `postgres://headway:p@${secret}@localhost/db` }],
    ['a token as the user of a URL', { url: `https://${secret}@host/v1` }],
    ['a parameter of a URL', { url: `https://host/v1?x=1&api_key=${secret}` }],
    ['an error', { err: new Error(`cannot reach postgres://u:${secret}@host/db`) }],
    ['JSON inside a string', { body: JSON.stringify({ model: 'm', password: secret }) }],
    ['a private key', { tls: { key: `-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----` } }],
    ['the message', {}, `sent with authorization Bearer ${secret}`],
    ['an OpenAI key in the message', {}, `refused: sk-proj-${secret}`],
  ];

  it.each(leaks)('hides %s', (_what, fields, message = 'x') => {
    for (const format of ['json', 'pretty'] as const) {
      const { output, written } = capture();
      createLogger({ ...config, format }, 'worker', output).info(fields, message);
      expect(written()).toContain('[redacted]');
      expect(written()).not.toContain('hunter2');
    }
  });

  it('leaves everything else as it is, and the line valid JSON', () => {
    const { output, written } = capture();
    const fields = {
      url: 'postgres://localhost:5432/db',
      brokers: ['127.0.0.1:9092'],
      page: 'http://localhost:8233/namespaces/default?query=a',
      tokens: { input: 10, output: 20 },
      company: 'ada@example.com',
      quote: 'he said "password" twice',
    };
    createLogger(config, 'worker', output).info(fields, 'x');
    expect(JSON.parse(written())).toMatchObject(fields);
  });
});
