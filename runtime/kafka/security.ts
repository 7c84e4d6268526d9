import { readFileSync } from 'node:fs';
import type { ConfigProblems } from '../config/problems';
import type { Environment, VariableName } from '../config/environment';

export interface KafkaSecurity {
  /** PEM texts; an empty object is TLS with the authorities of Node.js. */
  tls?: { ca?: string; cert?: string; key?: string };
  sasl?: { mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'; username: string; password: string };
}

/** TLS and login for the brokers. Reads the PEM files, so that a wrong path is found at the start. */
export function readKafkaSecurity(v: Environment, problems: ConfigProblems): KafkaSecurity {
  return { tls: readTls(v, problems), sasl: readSasl(v, problems) };
}

function readTls(v: Environment, problems: ConfigProblems): KafkaSecurity['tls'] {
  const files = { ca: v.KAFKA_TLS_CA_FILE, cert: v.KAFKA_TLS_CERT_FILE, key: v.KAFKA_TLS_KEY_FILE };
  if (!v.KAFKA_TLS) {
    if (files.ca || files.cert || files.key) {
      problems.add('KAFKA_TLS', 'must be `true` when a KAFKA_TLS_... file is given');
    }
    return undefined;
  }
  if (files.cert && !files.key) problems.add('KAFKA_TLS_KEY_FILE', 'must be set beside KAFKA_TLS_CERT_FILE');
  if (files.key && !files.cert) problems.add('KAFKA_TLS_CERT_FILE', 'must be set beside KAFKA_TLS_KEY_FILE');
  return {
    ca: readPem('KAFKA_TLS_CA_FILE', files.ca, problems),
    cert: readPem('KAFKA_TLS_CERT_FILE', files.cert, problems),
    key: readPem('KAFKA_TLS_KEY_FILE', files.key, problems),
  };
}

function readPem(name: VariableName, file: string | undefined, problems: ConfigProblems): string | undefined {
  if (file === undefined) return undefined;
  try {
    const pem = readFileSync(file, 'utf8');
    if (pem.includes('-----BEGIN ')) return pem;
  } catch {
    // said below
  }
  problems.add(name, 'must be the path of a readable PEM file');
  return undefined;
}

function readSasl(v: Environment, problems: ConfigProblems): KafkaSecurity['sasl'] {
  const { KAFKA_SASL_MECHANISM: mechanism, KAFKA_SASL_USERNAME: username, KAFKA_SASL_PASSWORD: password } = v;
  if (!mechanism && !username && !password) return undefined;
  if (mechanism && username && password) return { mechanism, username, password };
  const names = ['KAFKA_SASL_MECHANISM', 'KAFKA_SASL_USERNAME', 'KAFKA_SASL_PASSWORD'] as const;
  for (const name of names) {
    if (!v[name]) problems.add(name, 'must be set: the three KAFKA_SASL_... variables belong together');
  }
  return undefined;
}
