import type { ConsumerRunConfig, EachBatchPayload, EachMessagePayload, Kafka } from 'kafkajs';

type Listener = (event: { payload: unknown }) => void;

/** What who reads a topic needs of a kafkajs consumer; a test says what happens to it. */
export class FakeConsumer {
  private readonly listeners = new Map<string, Listener[]>();
  private config: ConsumerRunConfig = {};
  disconnected = false;

  on = (name: string, listener: Listener) =>
    void this.listeners.set(name, [...(this.listeners.get(name) ?? []), listener]);
  connect: () => Promise<void> = () => Promise.resolve();
  subscribe: () => Promise<void> = () => Promise.resolve();
  run: (config: ConsumerRunConfig) => Promise<void> = (config) =>
    Promise.resolve(void (this.config = config));
  seek: () => void = () => undefined;
  pause = (): void => undefined;
  disconnect: () => Promise<void> = () => Promise.resolve(void (this.disconnected = true));

  /** Its client. Every topic has a single partition, which is empty. */
  readonly kafka = {
    consumer: () => this,
    admin: () => ({
      connect: () => Promise.resolve(),
      disconnect: () => Promise.resolve(),
      deleteGroups: () => Promise.resolve([]),
      fetchTopicOffsets: () => Promise.resolve([{ partition: 0, offset: '0', low: '0', high: '0' }]),
    }),
  } as unknown as Kafka;

  crashes = (error: Error, restart = false) => this.tell('consumer.crash', { error, restart });

  /** Records of partition 0, one at each of these offsets. */
  async bringsBatch(...offsets: number[]): Promise<void> {
    const messages = offsets.map((offset) => ({ offset: String(offset), key: null, value: null }));
    await this.config.eachBatch?.({ batch: { partition: 0, messages } } as unknown as EachBatchPayload);
    this.tell('consumer.end_batch_process', { partition: 0, lastOffset: messages.at(-1)?.offset });
  }

  async brings(topic: string, key: string, value: string): Promise<void> {
    const message = { offset: '0', key: Buffer.from(key), value: Buffer.from(value) };
    await this.config.eachMessage?.({ topic, partition: 0, message } as unknown as EachMessagePayload);
  }

  private tell(name: string, payload: unknown): void {
    this.listeners.get(name)?.forEach((listener) => listener({ payload }));
  }
}
