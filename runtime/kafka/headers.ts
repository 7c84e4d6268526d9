import type { IHeaders } from 'kafkajs';
import Decoder from 'kafkajs/src/protocol/decoder';
import Encoder from 'kafkajs/src/protocol/encoder';

/**
 * Repairs how kafkajs 2.2.4 reads and writes record headers. As it is, a record with 5,000 headers takes 3.6 s to read and one with
 * 20,000 a minute, in which no heartbeat is sent; a header named `constructor` gets a function as its value; and a header
 * without a value cannot be written, see `withNullHeaders`. May be called any number of times.
 */
export function repairHeaders(): void {
  // The only caller is the decoder of records, which reduces the list to an object, copying that object for each header.
  Decoder.prototype.readVarIntArray = function (this: Decoder, read: (decoder: Decoder) => Header) {
    const length = this.readVarInt();
    const values = new Map<string, (Buffer | null)[]>();
    for (let index = 0; index < length; index++) {
      const { key, value } = read(this);
      const earlier = values.get(key);
      if (earlier) earlier.push(value);
      else values.set(key, [value]);
    }
    const single = [...values].map(([key, list]) => [key, list.length === 1 ? list[0] : list] as const);
    return { reduce: () => Object.fromEntries(single) };
  };
  Encoder.prototype.writeVarIntBytes = function (this: Encoder, value: unknown) {
    return value === NULL_VALUE ? this.writeVarInt(-1) : writeVarIntBytes.call(this, value);
  };
}

/** Headers as they can be written: kafkajs asks each value for its length, and throws when there is none. */
export function withNullHeaders(headers: IHeaders): IHeaders {
  const writable = (value: Buffer | string | null | undefined) => value ?? NULL_VALUE;
  return Object.fromEntries(
    Object.entries(headers).map(([key, value]) => [
      key,
      Array.isArray(value) ? value.map(writable) : writable(value),
    ]),
  );
}

/**
 * A header of a dead letter, as text. A record that had headers of these names before, as one that was a dead letter already, keeps
 * them, and the one that says why it is a dead letter now is the last.
 */
export function lastHeaderText(headers: IHeaders | undefined, name: string): string | undefined {
  const value = headers?.[name];
  const last = Array.isArray(value) ? value.at(-1) : value;
  // A header may have a null value, whatever the types of kafkajs say.
  return (last as typeof last | null)?.toString();
}

interface Header {
  key: string;
  value: Buffer | null;
}

/** Takes the place of null up to the encoder. Empty, since the lengths -1 and 0 take one byte each. */
const NULL_VALUE = Buffer.alloc(0);

const { writeVarIntBytes } = Encoder.prototype;
