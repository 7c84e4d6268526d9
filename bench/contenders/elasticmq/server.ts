import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../../contracts/errors';
import { projectRoot } from '../../../runtime/project-root';
import { fillCache, type CacheEntry } from '../../../stack/cache';
import { requireJava, requireMaven } from '../../../stack/prerequisites';
import { runTool } from '../../../stack/run-tool';
import { NotRunnable, type PrepareContext, type RunContext } from '../contender';
import type { OwnServers } from '../own-servers';

/**
 * Fetches ElasticMQ's jars with Maven, unless the cache has them already.
 * @throws NotRunnable where there is no Java or no Maven, or Maven fails
 */
export async function installElasticMq(context: PrepareContext): Promise<void> {
  const { log, signal } = context;
  const fill = async (folder: string) => {
    await requireMaven();
    log('fetching ElasticMQ with Maven');
    const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${folder}`];
    await runTool({ command: 'mvn', args: ['-B', '-f', pomFile(), ...goal], env: process.env, signal });
  };
  const onWaiting = () => log('another process is fetching ElasticMQ, waiting for it');
  try {
    await requireJava();
    await fillCache(cacheEntry(context), fill, { signal, onWaiting });
  } catch (error) {
    signal.throwIfAborted();
    throw new NotRunnable(messageOf(error));
  }
}

/** Starts ElasticMQ, which keeps its messages in memory, and returns its address. */
export async function startElasticMq(own: OwnServers, context: RunContext): Promise<string> {
  const { root, name, version } = cacheEntry(context);
  const port = await own.port();
  const endpoint = `http://127.0.0.1:${port}`;
  const file = join(context.dataDir, 'elasticmq.conf');
  await writeFile(file, configuration(port));
  await own.start({
    name: 'elasticmq',
    command: await requireJava(),
    args: [
      ...['-Xmx256m', '-XX:+UseSerialGC', '-XX:-UsePerfData', `-Dconfig.file=${file}`],
      ...['-cp', join(root, name, version, '*'), 'org.elasticmq.server.Main'],
    ],
    ready: () => fetch(`${endpoint}/?Action=ListQueues`),
    // It has nothing to keep, and waits for open polls.
    killAfterMs: 1_000,
  });
  return endpoint;
}

/** https://github.com/softwaremill/elasticmq#automatically-creating-queues-on-startup */
function configuration(port: number): string {
  return `
include classpath("application.conf")
rest-sqs { enabled = true, bind-hostname = "127.0.0.1", bind-port = ${port} }
rest-stats.enabled = false
node-address { protocol = http, host = "127.0.0.1", port = ${port}, context-path = "" }
`;
}

/** Other versions are another folder. */
function cacheEntry({ cacheDir }: PrepareContext): CacheEntry {
  const hash = createHash('sha256').update(readFileSync(pomFile())).digest('hex').slice(0, 8);
  return { root: cacheDir, name: 'bench-elasticmq', version: hash };
}

function pomFile(): string {
  return join(projectRoot(), 'bench', 'contenders', 'elasticmq', 'pom.xml');
}
