/** Statuses of answers that have no body. */
const bodiless = [204, 205, 304];

/**
 * A `Response` whose body is there as a whole. The stream that Node.js puts around every body costs more CPU than all the rest of an answer, so it is made only
 * for who asks for it. Unlike other bodies, this one may be read as text and as JSON more than once.
 *
 * @param bytes null where there is no body
 * @throws RangeError for a status that is none
 */
export function wholeResponse(bytes: Buffer | null, init: ResponseInit): Response {
  const { status = 200 } = init;
  return new WholeResponse(bodiless.includes(status) ? null : bytes, init) as unknown as Response;
}

/** Its types have the methods as properties, which no method may override. */
const Base = Response as unknown as new (body: null, init: ResponseInit) => object;

class WholeResponse extends Base {
  readonly #bytes: Buffer | null;
  readonly #init: ResponseInit;
  #streamed: Response | undefined;

  constructor(bytes: Buffer | null, init: ResponseInit) {
    super(null, init);
    this.#bytes = bytes;
    this.#init = init;
  }

  async text(): Promise<string> {
    return new TextDecoder().decode(this.#bytes ?? undefined);
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }

  get body() {
    return this.#asStream().body;
  }

  get bodyUsed() {
    return this.#streamed?.bodyUsed ?? false;
  }

  arrayBuffer() {
    return this.#asStream().arrayBuffer();
  }

  blob() {
    return this.#asStream().blob();
  }

  async bytes() {
    return new Uint8Array(await this.arrayBuffer());
  }

  formData() {
    return this.#asStream().formData();
  }

  clone(): Response {
    return wholeResponse(this.#bytes, this.#init);
  }

  #asStream(): Response {
    return (this.#streamed ??= new Response(this.#bytes, this.#init));
  }
}
