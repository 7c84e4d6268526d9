import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { messageOf } from '../../contracts/errors';
import { projectRoot } from '../../runtime/project-root';
import { fillCache, type CacheEntry } from '../../stack/cache';
import { outputOf, requireJava } from '../../stack/prerequisites';
import { runTool } from '../../stack/run-tool';
import { NotRunnable, type PrepareContext, type RunContext } from './contender';
import type { Program } from './program';

/** A contender in `bench/strategies/java/`. */
export interface JavaContender {
  /** The profile in its pom.xml. */
  profile: 'share-group' | 'parallel-consumer' | 'flink';
  /** Its class with `main`. */
  main: string;
  /** How the files begin that only this contender has. */
  ownFiles: string;
}

const PACKAGE = 'headway.bench';
/** What all of them share. */
const COMMON_FILES = /^(Settings|Job|Llm|Lifecycle|Clients)\.java$/;

/** What every JVM gets, so that none is sized by the machine it runs on. */
const JVM = ['-XX:+UseSerialGC', '-XX:-UsePerfData', '-Djava.awt.headless=true'];
const LOGGING = ['-Dorg.slf4j.simpleLogger.defaultLogLevel=error'];

/**
 * Fetches its jars with Maven and compiles it, unless the cache has it already.
 * @throws NotRunnable where there is no Maven or no Java compiler, or one of them fails
 */
export async function prepareJava(contender: JavaContender, context: PrepareContext): Promise<void> {
  const { signal } = context;
  try {
    await fillCache(cacheEntry(contender, context), (folder) => build(contender, folder, context), {
      signal,
      onWaiting: () => context.log(`another process is building ${contender.profile}, waiting for it`),
    });
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof NotRunnable ? error : new NotRunnable(messageOf(error));
  }
}

/** The program that `prepareJava` has built. `maxMegabytes` bounds its heap. */
export async function javaProgram(
  contender: JavaContender,
  context: PrepareContext,
  options: {
    env: Record<string, string>;
    maxMegabytes: number;
    jvm?: readonly string[];
    args?: readonly string[];
  },
): Promise<Program> {
  const { root, name, version } = cacheEntry(contender, context);
  const folder = join(root, name, version);
  const classPath = [join(folder, 'classes'), join(folder, 'jars', '*')].join(delimiter);
  return {
    command: await requireJava(),
    args: [
      `-Xmx${options.maxMegabytes}m`,
      ...JVM,
      ...LOGGING,
      ...(options.jvm ?? []),
      '-cp',
      classPath,
      contender.main,
      ...(options.args ?? []),
    ],
    env: options.env,
  };
}

/** A time of a system's own that mirrors the length of a job or of a failure, in the scale of the run and as a variable's value. */
export function scaledMs({ timeScale }: RunContext, ms: number, atLeast = 1): string {
  return String(Math.max(atLeast, Math.round(ms * timeScale)));
}

/** The files that are compiled for a contender: its own and what all share. */
export function sourcesOf({ ownFiles }: JavaContender, all: readonly string[]): string[] {
  return all.filter((file) => COMMON_FILES.test(file) || file.startsWith(ownFiles)).sort();
}

async function build(contender: JavaContender, folder: string, context: PrepareContext): Promise<void> {
  const { profile } = contender;
  const { signal } = context;
  const javac = (await requireJava()).replace(/java$/, 'javac');
  if ((await outputOf(javac, ['-version'], process.env)) === undefined) {
    throw new NotRunnable('No javac was found. Install a JDK 17 or newer, not only its runtime.');
  }
  if ((await outputOf('mvn', ['--version'], process.env)) === undefined) {
    throw new NotRunnable('Its jars are fetched with Apache Maven, and no working mvn was found.');
  }
  const jars = join(folder, 'jars');
  context.log(`${profile}: fetching jars with Maven`);
  const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${jars}`];
  await runTool({
    command: 'mvn',
    args: ['-B', '-f', pomFile(), '-P', profile, ...goal],
    env: process.env,
    signal,
  });
  context.log(`${profile}: compiling`);
  const classes = join(folder, 'classes');
  await mkdir(classes);
  const files = sourcesOf(contender, readdirSync(sourceFolder())).map((file) => join(sourceFolder(), file));
  const args = ['--release', '17', '-cp', join(jars, '*'), '-d', classes, ...files];
  await runTool({ command: javac, args, env: process.env, signal });
}

/** Other sources or other versions are another folder. */
function cacheEntry(contender: JavaContender, { cacheDir }: PrepareContext): CacheEntry {
  const hash = createHash('sha256').update(readFileSync(pomFile()));
  for (const file of sourcesOf(contender, readdirSync(sourceFolder()))) {
    hash.update(file).update(readFileSync(join(sourceFolder(), file)));
  }
  return {
    root: cacheDir,
    name: 'bench-java',
    version: `${contender.profile}-${hash.digest('hex').slice(0, 8)}`,
  };
}

function pomFile(): string {
  return join(projectRoot(), 'bench', 'strategies', 'java', 'pom.xml');
}

function sourceFolder(): string {
  return join(projectRoot(), 'bench', 'strategies', 'java', 'src', 'main', 'java', ...PACKAGE.split('.'));
}
