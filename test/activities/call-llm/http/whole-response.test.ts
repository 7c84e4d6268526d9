import { wholeResponse } from '../../../../activities/call-llm/http/whole-response';

/** Newer than the types. */
interface BytesReader {
  bytes(): Promise<Uint8Array>;
}

const text = '{"a":"grün"}';
const init = {
  status: 201,
  statusText: 'Created',
  headers: new Headers({ 'content-type': 'application/json' }),
};
const open = (body = text) => wholeResponse(Buffer.from(body), init);
const real = (body = text) => new Response(body, init);

it('is a response with everything that belongs to one', () => {
  const answer = open();
  expect(answer).toBeInstanceOf(Response);
  expect(answer).toMatchObject({ status: 201, statusText: 'Created', ok: true, url: '' });
  expect(answer.headers.get('Content-Type')).toBe('application/json');
});

it.each<[string, (answer: Response) => Promise<unknown>]>([
  ['text', (answer) => answer.text()],
  ['json', (answer) => answer.json()],
  ['arrayBuffer', async (answer) => Buffer.from(await answer.arrayBuffer()).toString()],
  ['blob', async (answer) => (await answer.blob()).text()],
  ['bytes', async (answer) => Buffer.from(await (answer as unknown as BytesReader).bytes()).toString()],
  ['body', (answer) => new Response(answer.body).text()],
  ['clone', (answer) => answer.clone().text()],
])('is read as the one of Node.js is: %s', async (_, read) => {
  await expect(read(open())).resolves.toEqual(await read(real()));
});

it('takes the place of everything that reads a body', () => {
  const own = Object.getOwnPropertyNames(Object.getPrototypeOf(open()) as object);
  const all = Object.getOwnPropertyNames(Response.prototype);
  // What it is made with, and is told by the one that it is.
  const aboutIt = ['constructor', 'type', 'url', 'redirected', 'status', 'ok', 'statusText', 'headers'];
  expect(all.filter((name) => !own.includes(name) && !aboutIt.includes(name))).toEqual([]);
});

it('has one body, which is used up', async () => {
  const answer = open();
  expect(answer.body).toBe(answer.body);
  expect(answer.bodyUsed).toBe(false);
  await answer.arrayBuffer();
  expect(answer.bodyUsed).toBe(true);
});

it('reads a form', async () => {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const form = await wholeResponse(Buffer.from('a=1'), { headers }).formData();
  expect(form.get('a')).toBe('1');
});

it('leaves out a byte order mark, as fetch does', async () => {
  await expect(open('\uFEFF{}').json()).resolves.toEqual({});
  await expect(open('\uFEFF{}').text()).resolves.toBe(await real('\uFEFF{}').text());
});

it('may be read more than once', async () => {
  const answer = open();
  await answer.text();
  await expect(answer.json()).resolves.toEqual({ a: 'grün' });
  expect(answer.clone()).toMatchObject({ status: 201 });
});

it('rejects what is no JSON as fetch does', async () => {
  await expect(open('{').json()).rejects.toThrow(SyntaxError);
});

it.each([204, 205, 304])('has no body where there must be none: %i', async (status) => {
  const answer = wholeResponse(Buffer.from('x'), { status });
  expect(answer.body).toBeNull();
  await expect(answer.text()).resolves.toBe('');
});

it('refuses a status that is none', () => {
  expect(() => wholeResponse(Buffer.alloc(0), { status: 99 })).toThrow('status');
});

it('may have none whatever its status is, as the answer to HEAD', async () => {
  const answer = wholeResponse(null, {});
  expect(answer.body).toBeNull();
  await expect(answer.text()).resolves.toBe('');
});
