import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { HeadwayError } from '../contracts/errors';

const run = promisify(execFile);

/** The oldest versions the stack runs with. */
export const minimum = { node: [20, 3], java: [17], go: [1, 25] } as const;

/** Throws HW_PREREQUISITE_MISSING when this Node is too old. */
export function requireNode(version: string = process.versions.node): void {
  if (isAtLeast(version, minimum.node)) return;
  throw missing(
    `Headway needs Node.js 20.3 or newer, and this is ${version}. Install the current LTS release of Node.js.`,
  );
}

/** The `java` to use. Throws HW_PREREQUISITE_MISSING when there is none, or one that is too old. */
export async function requireJava(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const instead = 'or set KAFKA_BROKERS to the address of a running Kafka.';
  const java = javaOf(env);
  const output = await outputOf(java, ['-version'], env);
  if (output === undefined) {
    throw missing(
      `Kafka needs Java 17 or newer, and no java was found. Install a JDK 17 (with Maven), ${instead}`,
    );
  }
  const version = /version "([^"]+)"/.exec(output)?.[1] ?? output.split('\n')[0] ?? '';
  if (isAtLeast(version, minimum.java)) return java;
  throw missing(
    `Kafka needs Java 17 or newer, and ${java} is ${version}. Install a JDK 17 (with Maven), ${instead}`,
  );
}

/** Throws HW_PREREQUISITE_MISSING when there is no Maven. Only needed to fill the cache. */
export async function requireMaven(env: NodeJS.ProcessEnv = process.env): Promise<void> {
  if ((await outputOf('mvn', ['--version'], env)) !== undefined) return;
  throw missing(
    'Kafka is fetched once with Apache Maven, and no working mvn was found. Install Maven, ' +
      'or set KAFKA_BROKERS to the address of a running Kafka.',
  );
}

/** Why a program is built, and what helps where it cannot be: two sentences around "is built with Go ..., but no go was found". */
export interface GoPurpose {
  /** Without its verb, for example `No usable temporal program was found ..., so it`. */
  why: string;
  /** For example `Install Go.` */
  remedy: string;
}

const temporalCli: GoPurpose = {
  why: 'No usable temporal program was found and none could be downloaded, so it',
  remedy:
    'Install Go or the Temporal CLI, or set TEMPORAL_ADDRESS to the address of a running Temporal server.',
};

/** Throws HW_PREREQUISITE_MISSING when there is no Go, or one that is too old. Only needed without a `temporal` binary. */
export async function requireGo(
  env: NodeJS.ProcessEnv = process.env,
  { why, remedy }: GoPurpose = temporalCli,
): Promise<void> {
  const output = await outputOf('go', ['version'], env);
  const version = /go(\d+\.\d+(\.\d+)?)/.exec(output ?? '')?.[1];
  if (version !== undefined && isAtLeast(version, minimum.go)) return;
  const found = version === undefined ? 'no go was found' : `the go found is ${version}`;
  throw missing(`${why} is built with Go 1.25 or newer, but ${found}. ${remedy}`);
}

/** Whether a dotted version is at least the given one; `17.0.15+6` and `21-ea` count by their leading numbers. */
export function isAtLeast(version: string, wanted: readonly number[]): boolean {
  const parts = version
    .split(/[^0-9]+/)
    .filter((part) => part !== '')
    .map(Number);
  for (const [index, part] of wanted.entries()) {
    const actual = parts[index] ?? 0;
    if (actual !== part) return actual > part;
  }
  return true;
}

function javaOf(env: NodeJS.ProcessEnv): string {
  const fromHome = env.JAVA_HOME ? join(env.JAVA_HOME, 'bin', 'java') : undefined;
  return fromHome !== undefined && existsSync(fromHome) ? fromHome : 'java';
}

/** Standard output and error together, or undefined when the program is not there or fails. */
export async function outputOf(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await run(command, args, { env, timeout: 30_000 });
    return stdout + stderr;
  } catch {
    return undefined;
  }
}

function missing(sentence: string): HeadwayError {
  return new HeadwayError('HW_PREREQUISITE_MISSING', sentence);
}
