import type { Response, ResponseOutputText } from 'openai/resources/responses/responses';
import { openSimulator, type Opened } from './support';

let opened: Opened;
beforeAll(async () => (opened = await openSimulator({ timeScale: 0 })));
afterAll(() => opened.stop());

const schema = {
  type: 'object',
  properties: {
    facts: {
      type: 'array',
      items: {
        type: 'object',
        properties: { statement: { type: 'string' }, sources: { type: 'array', items: { type: 'string' } } },
        required: ['statement', 'sources'],
        additionalProperties: false,
      },
    },
  },
  required: ['facts'],
  additionalProperties: false,
};
const json = { format: { type: 'json_schema' as const, name: 'facts', strict: true, schema } };
const base = { model: 'gpt-4.1', input: 'Company: Blue Harbor\nDomain: blueharbor.example' };

function textOf(response: Response): ResponseOutputText {
  const message = response.output.find((item) => item.type === 'message')!;
  return message.content[0] as ResponseOutputText;
}

function citationsOf(response: Response): ResponseOutputText.URLCitation[] {
  return textOf(response).annotations as ResponseOutputText.URLCitation[];
}

function urlsIn(response: Response): string[] {
  return (JSON.parse(response.output_text) as { facts: { sources: string[] }[] }).facts.flatMap(
    (f) => f.sources,
  );
}

/** The page a URL leads to, whatever its spelling. */
function pageOf(url: string): string {
  const { hostname, pathname } = new URL(url);
  return hostname + pathname.replace(/\/+$/, '');
}

async function manyBriefs(count: number): Promise<Response[]> {
  const jobs = Array.from({ length: count }, (_, index) => ({ headway_job_id: `brief-${index}` }));
  const request = { ...base, text: json, tools: [{ type: 'web_search' as const }] };
  return Promise.all(jobs.map((metadata) => opened.client.responses.create({ ...request, metadata })));
}

it('searches before it answers when it has the tool', async () => {
  const [response] = await manyBriefs(1);
  const [first] = response!.output;
  expect(first).toMatchObject({ type: 'web_search_call', status: 'completed', action: { type: 'search' } });
  expect(JSON.stringify(first)).toContain('Blue Harbor');
  expect(response!.output.at(-1)!.type).toBe('message');
});

it('neither searches nor cites without the tool', async () => {
  const response = await opened.client.responses.create({ ...base, text: json });
  expect(response.output.map((item) => item.type)).toEqual(['message']);
  expect(textOf(response).annotations).toEqual([]);
});

it.each([
  ['JSON', { text: json }],
  ['prose', {}],
])('points each citation at the place in the text, in %s', async (_, format) => {
  const tools = [{ type: 'web_search' as const }];
  for (let index = 0; index < 20; index++) {
    const metadata = { headway_job_id: `span-${index}` };
    const response = await opened.client.responses.create({ ...base, ...format, tools, metadata });
    expect(citationsOf(response).length).toBeGreaterThan(0);
    for (const { url, title, start_index, end_index } of citationsOf(response)) {
      expect(title).not.toBe('');
      expect(pageOf(response.output_text.slice(start_index, end_index))).toBe(pageOf(url));
    }
  }
});

it('cites with the disorder that post-processing has to clean', async () => {
  const briefs = await manyBriefs(60);
  const all = briefs.flatMap((response) => {
    const cited = new Set(citationsOf(response).map(({ url }) => pageOf(url)));
    return urlsIn(response).map((url) => ({ url, found: cited.has(pageOf(url)) }));
  });
  const share = (holds: (one: (typeof all)[number]) => boolean) => all.filter(holds).length / all.length;
  expect(share(({ found }) => found)).toBeGreaterThan(0.8);
  expect(share(({ found }) => !found)).toBeGreaterThan(0.03);
  expect(share(({ url }) => /utm_/.test(url))).toBeGreaterThan(0.05);
  expect(share(({ url }) => /https:\/\/[^/]*[A-Z]/.test(url))).toBeGreaterThan(0.02);
  expect(share(({ url }) => /\/(\?|$)/.test(url))).toBeGreaterThan(0.02);
  expect(briefs.some((response) => new Set(urlsIn(response)).size < urlsIn(response).length)).toBe(true);
});

it('stays on the allowed domains', async () => {
  const allowed = ['filings.example', 'press.example'];
  const tools = [{ type: 'web_search' as const, filters: { allowed_domains: allowed } }];
  const include = ['web_search_call.action.sources' as const];
  for (let index = 0; index < 30; index++) {
    const metadata = { headway_job_id: `allowed-${index}` };
    const response = await opened.client.responses.create({ ...base, text: json, tools, include, metadata });
    const urls = JSON.stringify(response.output).match(/https:[^"\\]+/g)!;
    expect(urls.map((url) => new URL(url).hostname).filter((host) => !allowed.includes(host))).toEqual([]);
  }
});

it('lists the sources of a search only when asked to', async () => {
  const tools = [{ type: 'web_search' as const }];
  const include = ['web_search_call.action.sources' as const];
  const without = await opened.client.responses.create({ ...base, tools });
  const read = await opened.client.responses.retrieve(without.id, { include });
  const asked = await opened.client.responses.create({ ...base, tools, include });
  const listed = (response: Response) => JSON.stringify(response.output).includes('"sources"');
  expect([without, read, asked].map(listed)).toEqual([false, true, true]);
});
