import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../waiting-calls/free-port';
import type { Contender, ContenderServers, RunContext } from './contender';
import { inHandOfFlink } from './flink-in-hand';
import { javaProgram, prepareJava, scaledMs, type JavaContender } from './java';
import { startProgram } from './program';

export const java: JavaContender = {
  profile: 'flink',
  // What `standalone-job.sh` of Flink's distribution starts.
  main: 'org.apache.flink.container.entrypoint.StandaloneApplicationClusterEntryPoint',
  ownFiles: 'Flink',
};
const taskManager: JavaContender = { ...java, main: 'headway.bench.FlinkTaskManager' };

/** Of those that Flink's own scripts give every JVM from Java 17 on, what this job needs. */
const opened = ['lang', 'net', 'io', 'nio', 'lang.reflect', 'text', 'time', 'util', 'util.concurrent']
  .map((name) => `java.base/java.${name}`)
  .concat(
    'java.base/java.util.concurrent.atomic',
    'java.base/java.util.concurrent.locks',
    'java.base/sun.nio.ch',
  )
  .map((name) => `--add-opens=${name}=ALL-UNNAMED`);

export const flink: Contender = {
  name: 'flink',
  title: 'Flink async I/O',
  about:
    'Flink 2.2.1, Kafka connector 5.0.0-2.2, unorderedWaitWithRetry with a capacity of the slots, a checkpoint each second and heartbeats of 50 s (times ' +
    'the time scale), at least once; application cluster in reactive mode, a consumer is a task manager with -Xmx256m, the job manager has -Xmx256m',
  prepare: (context) => prepareJava(java, context),
  startServers: startJobManager,
  // A record passes its offset when it is in a checkpoint, done or not.
  async held(context, { env }, ids) {
    const [uncommitted, inHand] = await Promise.all([
      context.uncommitted(ids),
      inHandOfFlink(`http://127.0.0.1:${env.FLINK_REST_PORT}`),
    ]);
    return Math.min(ids.length, uncommitted.length + inHand);
  },
  async startConsumer(context, { env }, index) {
    const { dataDir } = context;
    const args = [...configuration(env), '-D', `taskmanager.resource-id=consumer-${index}-${Date.now()}`];
    const program = {
      env: { ...context.env, ...env },
      args,
      jvm: [...opened, `-Djava.io.tmpdir=${dataDir}`],
      maxMegabytes: 256,
    };
    const started = await javaProgram(taskManager, context, program);
    // It says so when the job has taken it in, which it does not do at once.
    return startProgram(`consumer-${index}`, { ...started, readyTimeoutMs: 120_000 });
  },
};

async function startJobManager(context: RunContext): Promise<ContenderServers> {
  const folder = join(context.dataDir, 'flink');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'config.yaml'), '');
  const address = {
    FLINK_FOLDER: folder,
    FLINK_RPC_PORT: String(await freePort()),
    FLINK_REST_PORT: String(await freePort()),
    FLINK_HEARTBEAT_TIMEOUT_MS: scaledMs(context, 50_000, 6_000),
    FLINK_COOLDOWN_MS: scaledMs(context, 30_000),
    FLINK_STABILIZATION_MS: scaledMs(context, 10_000),
  };
  const env = {
    ...context.env,
    CHECKPOINT_DIR: `file://${join(folder, 'checkpoints')}`,
    CHECKPOINT_INTERVAL_MS: scaledMs(context, 1_000, 100),
    RETRY_DELAY_MS: scaledMs(context, 1_000),
  };
  const args = [...configuration(address), '--job-classname', 'headway.bench.FlinkAsync'];
  const options = { env, args, jvm: [...opened, `-Djava.io.tmpdir=${context.dataDir}`], maxMegabytes: 256 };
  const server = await startProgram('job-manager', await javaProgram(java, context, options));
  return { pids: server.pids(), env: address, stop: () => server.stop() };
}

/** What Flink's config.yaml would say, the same for all its processes. */
function configuration(address: Record<string, string>): string[] {
  const heartbeatMs = Number(address.FLINK_HEARTBEAT_TIMEOUT_MS);
  const settings = {
    'jobmanager.rpc.address': '127.0.0.1',
    'jobmanager.bind-host': '127.0.0.1',
    'taskmanager.bind-host': '127.0.0.1',
    'jobmanager.rpc.port': address.FLINK_RPC_PORT,
    'rest.address': '127.0.0.1',
    'rest.port': address.FLINK_REST_PORT,
    'taskmanager.host': '127.0.0.1',
    'taskmanager.numberOfTaskSlots': 1,
    // As many instances of the job as there are slots in the cluster.
    // How old the figures may be that the job manager gives away; by default ten seconds.
    'metrics.fetcher.update-interval': '1 s',
    'scheduler-mode': 'reactive',
    'jobmanager.adaptive-scheduler.executing.cooldown-after-rescaling': `${address.FLINK_COOLDOWN_MS} ms`,
    // The default of a minute is for clusters whose machines come one after the other.
    'jobmanager.adaptive-scheduler.executing.resource-stabilization-timeout': `${address.FLINK_STABILIZATION_MS} ms`,
    'heartbeat.timeout': `${heartbeatMs} ms`,
    'heartbeat.interval': `${Math.round(heartbeatMs / 5)} ms`,
  };
  const dynamic = Object.entries(settings).flatMap(([name, value]) => ['-D', `${name}=${value}`]);
  return ['--configDir', address.FLINK_FOLDER ?? '', ...dynamic];
}
