import { answerFrames, requestFrames } from './kafka-frames';
import type { Inspector } from './proxy-connection';
import { createTcpProxy, type TcpProxy, type TcpProxyOptions } from './tcp-proxy';

export interface OffsetCommitEvent {
  phase: 'request' | 'answer';
  /** The consumer group it is about, where the request could be read. */
  group: string | undefined;
}

/**
 * `hold` makes the frame and everything behind it vanish, in its direction of its connection; the other direction goes on. The
 * connection stays open until one side ends it, or until `restore`, which resets it: what is held is never forwarded.
 */
export type OffsetCommitHandler = (event: OffsetCommitEvent) => 'forward' | 'hold';

export interface KafkaProxy extends TcpProxy {
  /** Asked when a commit arrives from a client, and again when its answer arrives from the broker. Undefined: all pass. */
  onOffsetCommit(handler: OffsetCommitHandler | undefined): void;
  /** Asked about each whole Produce request from a client: it goes on, or its connection is reset. Undefined: all pass. */
  onProduce(handler: ((frame: Buffer) => 'forward' | 'cut') | undefined): void;
}

/** A TCP proxy for a Kafka listener without TLS. The broker must advertise the proxy's port, or clients go past it. */
export async function createKafkaProxy(options: Omit<TcpProxyOptions, 'inspector'>): Promise<KafkaProxy> {
  let handler: OffsetCommitHandler = () => 'forward';
  let onProduce: ((frame: Buffer) => 'forward' | 'cut') | undefined;

  const inspector = (): Inspector => {
    /** Groups of the commits under way, by correlation id. */
    const commits = new Map<number, string | undefined>();
    const requests = requestFrames(
      ({ correlationId, group }) => {
        commits.set(correlationId, group);
        return handler({ phase: 'request', group });
      },
      () => onProduce,
    );
    const answers = answerFrames((correlationId) => {
      if (!commits.has(correlationId)) return 'forward';
      const group = commits.get(correlationId);
      commits.delete(correlationId);
      return handler({ phase: 'answer', group });
    });
    return { request: (chunk) => requests.read(chunk), answer: (chunk) => answers.read(chunk) };
  };

  const proxy = await createTcpProxy({ ...options, inspector });
  return {
    ...proxy,
    onOffsetCommit: (next) => (handler = next ?? (() => 'forward')),
    onProduce: (next) => (onProduce = next),
  };
}
