/** The parts of kafkajs 2.2.4 that headers.ts repairs, and that a test of producer.ts runs. It gives no types for them. */
declare module 'kafkajs/src/protocol/decoder' {
  class Decoder {
    constructor(buffer: Buffer);
    readVarInt(): number;
    readVarIntArray(read: (decoder: Decoder) => { key: string; value: Buffer | null }): unknown;
    readVarIntBytes(): Buffer | null;
  }
  export = Decoder;
}

declare module 'kafkajs/src/protocol/encoder' {
  class Encoder {
    readonly buffer: Buffer;
    writeVarInt(value: number): this;
    writeVarIntBytes: (this: Encoder, value: unknown) => Encoder;
  }
  export = Encoder;
}

declare module 'kafkajs/src/protocol/recordBatch/record/v0' {
  import type { IHeaders } from 'kafkajs';
  import type Encoder from 'kafkajs/src/protocol/encoder';
  const encodeRecord: (record: { key: Buffer | null; value: Buffer | null; headers: IHeaders }) => Encoder;
  export = encodeRecord;
}

declare module 'kafkajs/src/protocol/recordBatch/record/v0/decoder' {
  import type { IHeaders } from 'kafkajs';
  import type Decoder from 'kafkajs/src/protocol/decoder';
  const decodeRecord: (
    decoder: Decoder,
    batch: { firstOffset: string; firstTimestamp: string },
  ) => { key: Buffer | null; value: Buffer | null; headers: IHeaders };
  export = decodeRecord;
}

declare module 'kafkajs/src/retry' {
  const createRetry: (options: { retries: number; initialRetryTime: number }) => unknown;
  export = createRetry;
}

declare module 'kafkajs/src/producer/sendMessages' {
  import type { ProducerBatch, RecordMetadata } from 'kafkajs';
  const createSendMessages: (parts: object) => (batch: ProducerBatch) => Promise<RecordMetadata[]>;
  export = createSendMessages;
}
