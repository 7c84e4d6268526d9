/** A place for bytes, shared by all processes. Names are SHA-256 sums in hexadecimal, so a name never has other bytes. */
export interface BlobStore {
  /** For messages; holds no secret. */
  readonly address: string;
  /** Resolves once the bytes are durable. Harmless to repeat: that makes the blob young again, and costs little. */
  put(name: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void>;
  /** Undefined when there is no such blob. */
  get(name: string, signal?: AbortSignal): Promise<Uint8Array | undefined>;
}
