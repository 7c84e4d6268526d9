import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig } from '../../../runtime/config/config';
import { complete, file, folder, problemsOf } from './support';

describe('Temporal', () => {
  const toml = [
    '[profile.default]\naddress = "default:7233"',
    '[profile.cloud]\naddress = "cloud:7233"\nnamespace = "prod"\napi_key = "key-of-cloud"',
  ].join('\n');
  const TEMPORAL_CONFIG_FILE = file('temporal.toml', toml);
  const env = { ...complete, TEMPORAL_ADDRESS: '' };

  it('is that of the profile named, with TLS when there is a key', () => {
    const { temporal } = loadConfig({ ...env, TEMPORAL_CONFIG_FILE, TEMPORAL_PROFILE: 'cloud' });
    expect(temporal).toMatchObject({
      address: 'cloud:7233',
      namespace: 'prod',
      apiKey: 'key-of-cloud',
      tls: true,
    });
  });

  it('is that of the file given, although a local stack runs', () => {
    const stack = { pid: process.pid, startedAt: 'now', temporalAddress: 'local:7233' };
    const HEADWAY_STACK_FILE = file('beside.json', JSON.stringify(stack));
    const { temporal } = loadConfig({ ...env, HEADWAY_STACK_FILE, TEMPORAL_CONFIG_FILE });
    expect(temporal.address).toBe('default:7233');
  });

  it('is that of the local stack, although the user has a default profile', () => {
    const stack = { pid: process.pid, startedAt: 'now', temporalAddress: 'local:7233' };
    const HEADWAY_STACK_FILE = file('beside.json', JSON.stringify(stack));
    const home = mkdtempSync(join(folder, 'home-'));
    mkdirSync(join(home, 'temporalio'));
    writeFileSync(join(home, 'temporalio', 'temporal.toml'), toml);
    const user = { ...env, XDG_CONFIG_HOME: home };
    expect(loadConfig({ ...user, HEADWAY_STACK_FILE, TEMPORAL_API_KEY: 'k' }).temporal).toMatchObject({
      address: 'local:7233',
      tls: false,
    });
    expect(
      loadConfig({ ...user, HEADWAY_STACK_FILE, TEMPORAL_API_KEY: 'k' }).temporal.apiKey,
    ).toBeUndefined();
    expect(loadConfig(user).temporal.address).toBe('default:7233');
  });

  it('names TEMPORAL_CONFIG_FILE when it is not TOML, without quoting it', () => {
    const broken = file('broken.toml', '[profile.default\napi_key = "hunter2"');
    const problems = problemsOf({ ...env, TEMPORAL_CONFIG_FILE: broken });
    expect(Object.keys(problems)).toEqual(['TEMPORAL_CONFIG_FILE']);
    expect(problems.TEMPORAL_CONFIG_FILE).not.toContain('hunter2');
  });
});

describe('Kafka security', () => {
  const pem = '-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n';

  it('reads the PEM files', () => {
    const KAFKA_TLS_CA_FILE = file('ca.pem', pem);
    expect(loadConfig({ ...complete, KAFKA_TLS: 'true', KAFKA_TLS_CA_FILE }).kafka.tls).toEqual({
      ca: pem,
    });
  });

  it.each([
    [{ KAFKA_TLS_CA_FILE: 'ca.pem' }, 'KAFKA_TLS'],
    [{ KAFKA_TLS: 'true', KAFKA_TLS_CA_FILE: '/no/such/file' }, 'KAFKA_TLS_CA_FILE'],
    [{ KAFKA_TLS: 'true', KAFKA_TLS_CA_FILE: file('text.pem', 'not a certificate') }, 'KAFKA_TLS_CA_FILE'],
    [{ KAFKA_TLS: 'true', KAFKA_TLS_CERT_FILE: file('cert.pem', pem) }, 'KAFKA_TLS_KEY_FILE'],
    [{ KAFKA_TLS: 'true', KAFKA_TLS_KEY_FILE: file('key.pem', pem) }, 'KAFKA_TLS_CERT_FILE'],
    [{ KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_USERNAME: 'u' }, 'KAFKA_SASL_PASSWORD'],
    [{ KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_PASSWORD: 'p' }, 'KAFKA_SASL_USERNAME'],
    [{ KAFKA_SASL_USERNAME: 'u', KAFKA_SASL_PASSWORD: 'p' }, 'KAFKA_SASL_MECHANISM'],
  ])('with %j names %s', (env, name) => {
    expect(Object.keys(problemsOf({ ...complete, ...env }))).toEqual([name]);
  });

  it('gives the login', () => {
    const env = {
      KAFKA_SASL_MECHANISM: 'scram-sha-512',
      KAFKA_SASL_USERNAME: 'u',
      KAFKA_SASL_PASSWORD: 'p',
    };
    const { sasl } = loadConfig({ ...complete, ...env }).kafka;
    expect(sasl).toEqual({ mechanism: 'scram-sha-512', username: 'u', password: 'p' });
  });
});
