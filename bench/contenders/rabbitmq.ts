import { connect } from 'amqplib';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runTool } from '../../stack/run-tool';
import { NotRunnable, type Contender, type RunContext } from './contender';
import { startOwnServers, type OwnServers } from './own-servers';
import { startProgram, strategy } from './program';
import { scaled } from './scaled';

/** Debian's own scripts around it change to the user of the system's service. */
const BIN = '/usr/lib/rabbitmq/bin';
const QUEUE = 'jobs';
const DEAD_LETTERS = 'jobs-dead-letters';
const EXCHANGE = 'dead-letters';

export const rabbitmq: Contender = {
  name: 'rabbitmq',
  title: 'RabbitMQ quorum queue',
  about:
    'RabbitMQ as Debian has it (3.10 in Debian 12), one node, amqplib 2.3.1, prefetch = slots, acknowledged after the result, publisher confirms; a failed ' +
    'job is put back after 1 s to 30 s (times the time scale), delivery limit 20 (the default of RabbitMQ 4), at-least-once dead-lettering',
  prepare: () => {
    if (existsSync(join(BIN, 'rabbitmq-server')) && existsSync('/usr/bin/epmd')) return Promise.resolve();
    throw new NotRunnable('No RabbitMQ server was found: apt-get install rabbitmq-server.');
  },
  startServers: (context) =>
    startOwnServers(context, async (own) => {
      const env = await startRabbitMq(own, context);
      await declareQueues(env.AMQP_URL);
      return own.running(env);
    }),
  startConsumer: (context, servers, index) => {
    const retry = { RETRY_DELAY_MS: String(scaled(context, 1_000)) };
    return startProgram(
      `consumer-${index}`,
      strategy('rabbitmq', { ...context.env, ...servers.env, ...retry }),
    );
  },

  async openProducer(_context, { env }) {
    const connection = await connect(env.AMQP_URL ?? '');
    const channel = await connection.createConfirmChannel();
    return {
      async send(values) {
        for (const value of values) channel.sendToQueue(QUEUE, value, { persistent: true });
        await channel.waitForConfirms();
      },
      close: () => connection.close(),
    };
  },

  /** Read, and given back when the channel closes. */
  async deadLetters(_context, { env }) {
    const connection = await connect(env.AMQP_URL ?? '');
    try {
      const channel = await connection.createChannel();
      const values: string[] = [];
      for (;;) {
        const message = await channel.get(DEAD_LETTERS);
        if (!message) return values;
        values.push(message.content.toString());
      }
    } finally {
      await connection.close();
    }
  },

  /** Those in the queue and those in hand. */
  async held({ signal }, { env }, ids) {
    const args = ['--node', env.RABBITMQ_NODENAME ?? '', '--silent', 'list_queues', 'name', 'messages'];
    const output = await runTool({
      command: join(BIN, 'rabbitmqctl'),
      args,
      env: { ...process.env, ...env },
      signal,
    });
    const messages = new RegExp(`^${QUEUE}\\s+(\\d+)$`, 'm').exec(output)?.[1] ?? 0;
    return Math.min(ids.length, Number(messages));
  },
};

/** https://www.rabbitmq.com/docs/configure#supported-environment-variables */
async function startRabbitMq(own: OwnServers, { dataDir }: RunContext): Promise<Record<string, string>> {
  const folder = join(dataDir, 'rabbitmq');
  await mkdir(folder, { recursive: true });
  const [amqp, dist, epmd] = [await own.port(), await own.port(), await own.port()];
  await writeFile(
    join(folder, 'rabbitmq.conf'),
    `listeners.tcp.1 = 127.0.0.1:${amqp}\nlog.console = true\nlog.console.level = warning\n`,
  );
  await writeFile(join(folder, 'enabled_plugins'), '[].\n');
  const env = {
    // Where the Erlang cookie is.
    HOME: folder,
    ERL_EPMD_ADDRESS: '127.0.0.1',
    ERL_EPMD_PORT: String(epmd),
    RABBITMQ_NODENAME: 'bench@localhost',
    RABBITMQ_DIST_PORT: String(dist),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
    RABBITMQ_CONF_ENV_FILE: join(folder, 'none'),
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
    RABBITMQ_MNESIA_BASE: join(folder, 'data'),
    RABBITMQ_LOG_BASE: join(folder, 'logs'),
    RABBITMQ_PID_FILE: join(folder, 'pid'),
  };
  const url = `amqp://127.0.0.1:${amqp}`;
  // Erlang starts its port mapper by itself where there is none, and that one would stay behind.
  await own.start({
    name: 'epmd',
    command: '/usr/bin/epmd',
    args: ['-address', '127.0.0.1', '-port', String(epmd)],
    ready: () => runTool({ command: '/usr/bin/epmd', args: ['-port', String(epmd), '-names'] }),
  });
  await own.start({
    name: 'rabbitmq',
    command: join(BIN, 'rabbitmq-server'),
    args: [],
    env: { ...process.env, ...env },
    ready: async () => (await connect(url)).close(),
    killAfterMs: 15_000,
  });
  return { ...env, AMQP_URL: url, AMQP_QUEUE: QUEUE };
}

/** https://www.rabbitmq.com/docs/quorum-queues#dead-lettering */
async function declareQueues(url: string | undefined): Promise<void> {
  const connection = await connect(url ?? '');
  const channel = await connection.createChannel();
  await channel.assertExchange(EXCHANGE, 'fanout', { durable: true });
  await channel.assertQueue(DEAD_LETTERS, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
  await channel.bindQueue(DEAD_LETTERS, EXCHANGE, '');
  await channel.assertQueue(QUEUE, {
    durable: true,
    arguments: {
      'x-queue-type': 'quorum',
      'x-delivery-limit': 20,
      'x-dead-letter-exchange': EXCHANGE,
      'x-dead-letter-strategy': 'at-least-once',
      // The strategy needs it.
      'x-overflow': 'reject-publish',
    },
  });
  await connection.close();
}
