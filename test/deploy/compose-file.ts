import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { projectRoot } from '../../runtime/project-root';

export interface Service {
  image?: string;
  build?: string;
  command?: string[];
  entrypoint?: string[];
  environment?: Record<string, string | number>;
  env_file?: string;
  ports?: string[];
  volumes?: string[];
  depends_on?: Record<string, { condition: string; required?: boolean }>;
  profiles?: string[];
  healthcheck?: { test: string[] };
  restart?: string;
  stop_grace_period?: string;
  security_opt?: string[];
  read_only?: boolean;
  cap_drop?: string[];
  deploy?: { resources: { limits: { memory: string } } };
}

export interface ComposeFile {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
}

export const pathOf = (...parts: string[]) => join(projectRoot(), ...parts);

/** The text of a file, given from the top of the repository. */
export const textOf = (...parts: string[]) => readFileSync(pathOf(...parts), 'utf8');

/** docker-compose.yml with the variables of `env` filled in. A copy of its own for each caller. */
export function readComposeFile(env: Record<string, string> = {}): ComposeFile {
  return interpolateAll(parse(textOf('docker-compose.yml'), { merge: true }), env) as ComposeFile;
}

/** What a service finds in its environment; what the file says wins over its `env_file`, as in Compose. */
export function environmentOf(service: Service, env: Record<string, string> = {}): Record<string, string> {
  const fromFile = service.env_file ? readEnvFile(service.env_file, env) : {};
  const stated = Object.entries(service.environment ?? {}).map(([name, value]) => [name, String(value)]);
  return { ...fromFile, ...(Object.fromEntries(stated) as Record<string, string>) };
}

/** `${NAME}`, `${NAME:-when not set}`, `${NAME:+when set}` and `$$`. Throws for any other use of a dollar sign. */
export function interpolate(text: string, env: Record<string, string>): string {
  return text.replace(
    /\$(?:\$|\{(\w+)(?::([-+])([^}]*))?\}|.?)/g,
    (found, name?: string, sign?: string, word = '') => {
      if (found === '$$') return '$';
      if (name === undefined) throw new Error(`${found} is not understood in: ${text}`);
      const value = env[name] ?? '';
      if (sign === '+') return value === '' ? '' : word;
      return value === '' ? word : value;
    },
  );
}

function readEnvFile(file: string, env: Record<string, string>): Record<string, string> {
  const lines = textOf(file)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(
    lines.map((line) => {
      const [name = '', ...value] = line.split('=');
      return [name, interpolate(value.join('='), env)];
    }),
  );
}

function interpolateAll(node: unknown, env: Record<string, string>): unknown {
  if (typeof node === 'string') return interpolate(node, env);
  if (Array.isArray(node)) return node.map((item) => interpolateAll(item, env));
  if (node === null || typeof node !== 'object') return node;
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, interpolateAll(value, env)]));
}
