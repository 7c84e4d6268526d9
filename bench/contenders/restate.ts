import { createRequire } from 'node:module';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startBalancer } from './balancer';
import { NotRunnable, type Contender, type ContenderServers, type RunContext } from './contender';
import { startOwnServers } from './own-servers';
import { startProgram, strategy } from './program';
import { scaled } from './scaled';

interface RestateServers extends ContenderServers {
  adminUrl: string;
  /** Where a service is to listen that the balancer sends to. */
  addService(): Promise<number>;
  /** The server asks the service what it can do, so one must be up. Only the first call does anything. */
  subscribe(): Promise<void>;
}

export const restate: Contender = {
  name: 'restate',
  title: 'Restate',
  about:
    'restate-server 1.7.12 (one node, one partition), SDK 1.12.0, Kafka subscription of the server, the LLM call and the result are steps ' +
    '(ctx.run); its invoker runs as many at a time as there are slots, all of them on one consumer while the other is dead; default retries (0.5 s to 1 minute, 70 times, then paused), times the ' +
    'time scale; a TCP balancer in front of the services',
  slotsOfServer: true,
  prepare: () => {
    serverProgram();
    return Promise.resolve();
  },
  startServers,

  async startConsumer(context, given, index) {
    const servers = given as RestateServers;
    const port = await servers.addService();
    const env = { ...context.env, ...servers.env, RESTATE_SERVICE_PORT: String(port) };
    const consumer = await startProgram(`consumer-${index}`, strategy('restate', env));
    await servers.subscribe();
    return consumer;
  },

  /** A job is on the topic, or an invocation that is not completed. A paused one waits for a person, and is held too. */
  async held(context, given, ids) {
    const { adminUrl } = given as RestateServers;
    const query = "select count(1) as n from sys_invocation where status <> 'completed'";
    const { rows } = (await ask(adminUrl, '/query', { query })) as { rows: { n: number }[] };
    const uncommitted = await context.uncommitted(ids);
    return Math.min(ids.length, uncommitted.length + (rows[0]?.n ?? 0));
  },
};

async function startServers(context: RunContext): Promise<ContenderServers> {
  return startOwnServers(context, async (own) => {
    const [fabric, admin, ingress] = [await own.port(), await own.port(), await own.port()];
    const adminUrl = `http://127.0.0.1:${admin}`;
    const file = join(context.dataDir, 'restate.toml');
    await writeFile(file, configuration(context, { fabric, admin, ingress }));
    await own.start({
      name: 'restate',
      command: serverProgram(),
      args: ['--no-logo', '--config-file', file],
      ready: async () => {
        if (!(await fetch(`${adminUrl}/health`)).ok) throw new Error('not healthy yet');
      },
    });
    const balancer = await startBalancer();
    own.afterwards(() => balancer.close());
    let subscribed: Promise<void> | undefined;
    const servers: RestateServers = {
      ...own.running({}),
      adminUrl,
      subscribe: () => (subscribed ??= subscribe(adminUrl, balancer.port, context)),
      async addService() {
        const port = await own.port();
        balancer.add(port);
        return port;
      },
    };
    return servers;
  });
}

/** https://docs.restate.dev/references/server-config */
function configuration(context: RunContext, port: Record<'fabric' | 'admin' | 'ingress', number>): string {
  const { dataDir, env, slots, consumers } = context;
  const brokers = (env.KAFKA_BROKERS ?? '').split(',').map((broker) => `PLAINTEXT://${broker}`);
  return `
base-dir = ${JSON.stringify(join(dataDir, 'restate'))}
cluster-name = "bench"
node-name = "bench"
# The limit below is one of each partition.
default-num-partitions = 1
listen-mode = "tcp"
bind-ip = "127.0.0.1"
bind-port = ${port.fabric}
disable-telemetry = true
log-filter = "warn"

[admin]
bind-address = "127.0.0.1:${port.admin}"
disable-web-ui = true

[ingress]
bind-address = "127.0.0.1:${port.ingress}"

[[ingress.kafka-clusters]]
name = "bench"
brokers = ${JSON.stringify(brokers)}

[worker.invoker]
concurrent-invocations-limit = ${slots * consumers}
# So that the balancer has connections to spread: all would fit into one.
http2-streams-per-connection-limit = ${slots}

[default-retry-policy]
initial-interval = "${scaled(context, 500)}ms"
max-interval = "${scaled(context, 60_000)}ms"
`;
}

/** https://docs.restate.dev/services/invocation/kafka */
async function subscribe(
  adminUrl: string,
  servicePort: number,
  { topics, group }: RunContext,
): Promise<void> {
  await ask(adminUrl, '/deployments', { uri: `http://127.0.0.1:${servicePort}` });
  await ask(adminUrl, '/subscriptions', {
    source: `kafka://bench/${topics.queue}`,
    sink: 'service://jobs/work',
    options: { 'group.id': group, 'auto.offset.reset': 'earliest' },
  });
}

async function ask(adminUrl: string, path: string, body: object): Promise<unknown> {
  const response = await fetch(`${adminUrl}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok)
    throw new Error(`Restate answered ${path} with ${response.status}: ${text.slice(0, 300)}`);
  return JSON.parse(text) as unknown;
}

/** @throws NotRunnable where there is no build of it for this system */
function serverProgram(): string {
  const { platform, arch } = process;
  try {
    return createRequire(__filename).resolve(
      `@restatedev/restate-server-${platform}-${arch}/bin/restate-server`,
    );
  } catch {
    throw new NotRunnable(`There is no restate-server for ${platform} on ${arch} in its npm package.`);
  }
}
