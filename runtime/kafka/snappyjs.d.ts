/** The part of snappyjs, which brings no types, that is used here. */
declare module 'snappyjs' {
  /** @throws Error when the data is no snappy block, or its uncompressed length is above `maxLength` */
  export function uncompress(compressed: Buffer, maxLength?: number): Buffer;
  /** One block, without any framing. */
  export function compress(plain: Buffer): Buffer;
}
