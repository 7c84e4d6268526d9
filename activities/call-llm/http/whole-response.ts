/** Statuses of answers that have no body. */
const bodiless = [204, 205, 304];

/**
 * A `Response` whose body is there as a whole. The stream that Node.js puts around every body costs more CPU than all the rest of an answer, so it is made only
 * for who asks for it. Unlike other bodies, this one may be read more than once.
 *
 * @throws RangeError for a status that is none
 */
export function wholeResponse(bytes: Buffer, init: ResponseInit): Response {
  return new WholeResponse(bytes, init) as unknown as Response;
}

/** Its types have the methods as properties, which no method may override. */
const Base = Response as unknown as new (body: null, init: ResponseInit) => object;

class WholeResponse extends Base {
  readonly #bytes: Buffer;
  readonly #init: ResponseInit;

  constructor(bytes: Buffer, init: ResponseInit) {
    super(null, init);
    this.#bytes = bytes;
    this.#init = init;
  }

  text(): Promise<string> {
    return Promise.resolve(new TextDecoder().decode(this.#bytes));
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }

  get body() {
    return this.#streamed().body;
  }

  arrayBuffer() {
    return this.#streamed().arrayBuffer();
  }

  blob() {
    return this.#streamed().blob();
  }

  formData() {
    return this.#streamed().formData();
  }

  clone(): Response {
    return wholeResponse(this.#bytes, this.#init);
  }

  #streamed(): Response {
    const hasNone = bodiless.includes(this.#init.status ?? 200);
    return new Response(hasNone ? null : this.#bytes, this.#init);
  }
}
