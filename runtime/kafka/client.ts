import { Kafka, logLevel, type LogEntry, type SASLOptions } from 'kafkajs';
import type { Config } from '../config/config';
import { registerCompressionCodecs } from './compression';
import { repairHeaders } from './headers';
import type { Logger } from '../logger';

/** For who passes a client on without knowing kafkajs. */
export type { Kafka } from 'kafkajs';

/**
 * A Kafka client that reads records of every compression, with any headers; nothing is connected yet.
 *
 * By default requests are repeated for about 40 s in all, which covers a broker that restarts. Who must outlast more (the
 * bridge) begins anew after that.
 */
export function createKafka(config: Config['kafka'], logger: Logger, { retries = 8 } = {}): Kafka {
  registerCompressionCodecs();
  repairHeaders();
  return new Kafka({
    clientId: config.clientId,
    brokers: config.brokers,
    ssl: config.tls && { ...config.tls, ca: config.tls.ca ? [config.tls.ca] : undefined },
    sasl: config.sasl as SASLOptions | undefined,
    connectionTimeout: 3_000,
    authenticationTimeout: 10_000,
    requestTimeout: 30_000,
    retry: { initialRetryTime: 300, maxRetryTime: 10_000, retries },
    logLevel: levelOf(logger),
    logCreator: () => logTo(logger.child({ part: 'kafka' })),
  });
}

/**
 * One level below what kafkajs thinks: it logs every attempt that it is going to repeat as an error. What it gives up
 * on is thrown, and logged by whoever catches it.
 */
function logTo(logger: Logger): (entry: LogEntry) => void {
  return ({ level, namespace, log }) => {
    const { message, timestamp: _timestamp, logger: _logger, stack: _stack, ...rest } = log;
    const fields = { ...rest, namespace };
    if (level >= logLevel.DEBUG || knownAndHarmless.test(message)) logger.trace(fields, message);
    else if (level >= logLevel.INFO || errorAnswer.test(message)) logger.debug(fields, message);
    else if (level >= logLevel.WARN) logger.info(fields, message);
    else logger.warn(fields, message);
  };
}

/** Advice at every start: about a change of kafkajs 1 to 2, and about retries, which end here on purpose. */
const knownAndHarmless =
  /^(KafkaJS v2\.0\.0 switched default partitioner|Limiting retries for the idempotent)/;

/**
 * An answer with an error code. Each rebalance brings some, and so does a group whose coordinator is only being made. It is thrown, too, and
 * logged again by whoever gives up because of it.
 */
const errorAnswer = /^Response \w+\(key: /;

function levelOf(logger: Logger): logLevel {
  if (logger.isLevelEnabled('trace')) return logLevel.DEBUG;
  if (logger.isLevelEnabled('debug')) return logLevel.INFO;
  if (logger.isLevelEnabled('info')) return logLevel.WARN;
  return logger.isLevelEnabled('warn') ? logLevel.ERROR : logLevel.NOTHING;
}
