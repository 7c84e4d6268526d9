import { deadLetterMaxBytes } from './topics';

export interface BrokerAddress {
  /** 1, 2, 3. */
  nodeId: number;
  /** What clients connect to. */
  port: number;
  /** What clients are told to connect to; differs from `port` when a proxy stands in between. */
  advertisedPort: number;
  /** For brokers among each other and for the stack itself, past any proxy. */
  internalPort: number;
  controllerPort: number;
}

/** The server.properties of one broker, which is a controller too. */
export function brokerProperties(
  broker: BrokerAddress,
  all: readonly BrokerAddress[],
  dataDir: string,
): string {
  const replicas = all.length;
  const minInSync = replicas > 1 ? 2 : 1;
  return lines({
    'process.roles': 'broker,controller',
    'node.id': broker.nodeId,
    // A fixed list instead of a dynamic quorum: ports may differ from run to run, and a dynamic quorum stores them on disk.
    'controller.quorum.voters': all.map((one) => `${one.nodeId}@127.0.0.1:${one.controllerPort}`).join(','),
    listeners: [
      `CLIENT://127.0.0.1:${broker.port}`,
      `INTERNAL://127.0.0.1:${broker.internalPort}`,
      `CONTROLLER://127.0.0.1:${broker.controllerPort}`,
    ].join(','),
    'advertised.listeners': [
      `CLIENT://127.0.0.1:${broker.advertisedPort}`,
      `INTERNAL://127.0.0.1:${broker.internalPort}`,
    ].join(','),
    'listener.security.protocol.map': 'CLIENT:PLAINTEXT,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'INTERNAL',
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': dataDir,

    // Topics are made on purpose, with the partitions they should have.
    'auto.create.topics.enable': false,
    'default.replication.factor': replicas,
    'min.insync.replicas': minInSync,
    // Few partitions for the internal topics: the default of 50 each is most of a small broker's start-up time.
    'offsets.topic.num.partitions': 8,
    'offsets.topic.replication.factor': replicas,
    'transaction.state.log.num.partitions': 4,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': minInSync,
    'share.coordinator.state.topic.num.partitions': 4,
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': minInSync,
    // In the comparison a member is a slot, and those of killed processes count until their session of 45 s ends; the default is 200.
    'group.share.max.size': 1_000,

    // For topics that are made without max.message.bytes, as those of tests are.
    'message.max.bytes': deadLetterMaxBytes,
    'replica.fetch.max.bytes': deadLetterMaxBytes,

    // Nobody starts fifty consumers here, so the first one need not wait for the others.
    'group.initial.rebalance.delay.ms': 0,
    // A killed broker may come back only when its session has ended; the default is 9 s.
    'broker.session.timeout.ms': 3_000,
    'broker.heartbeat.interval.ms': 500,
  });
}

function lines(properties: Record<string, string | number | boolean>): string {
  return Object.entries(properties)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}
