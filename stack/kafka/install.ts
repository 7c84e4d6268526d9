import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../runtime/project-root';
import { cachedFolder, cacheDir, fillCache, type CacheEntry } from '../cache';
import type { Leash } from '../leash';
import type { Report } from '../progress';
import { runTool } from '../run-tool';

/** The folder with Kafka's jars, or undefined when they were not fetched yet. */
export function installedKafka(env: NodeJS.ProcessEnv): string | undefined {
  return cachedFolder(cacheEntry(env));
}

/** Fetches Kafka's jars with Maven unless they are in the cache (about 15 s). Returns their folder. */
export function installKafka(options: {
  env: NodeJS.ProcessEnv;
  leash: Leash;
  signal?: AbortSignal;
  report: Report;
}): Promise<string> {
  const { env, leash, signal, report } = options;
  const fill = async (folder: string) => {
    report('starting Maven');
    await runTool({
      command: 'mvn',
      args: [
        '-B',
        '-f',
        pomFile(),
        'dependency:copy-dependencies',
        '-DincludeScope=runtime',
        `-DoutputDirectory=${folder}`,
      ],
      env,
      leash,
      signal,
      onLine: (line) => report(line.replace(/^\[\w+\]\s*/, '')),
    });
  };
  const onWaiting = () => report('another process is fetching Kafka, waiting for it');
  return fillCache(cacheEntry(env), fill, { signal, onWaiting });
}

/** The version pom.xml pins, for example `4.3.1`. */
export function kafkaVersion(): string {
  return /<kafka\.version>([^<]+)</.exec(readFileSync(pomFile(), 'utf8'))?.[1] ?? 'unknown';
}

function cacheEntry(env: NodeJS.ProcessEnv): CacheEntry {
  const hash = createHash('sha256').update(readFileSync(pomFile())).digest('hex').slice(0, 8);
  return { root: cacheDir(env), name: 'kafka', version: `${kafkaVersion()}-${hash}` };
}

function pomFile(): string {
  return join(projectRoot(), 'stack', 'kafka', 'pom.xml');
}
