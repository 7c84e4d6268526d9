import { postProcess } from '../../../pipelines/company-brief/post-process';
import { companyBrief } from '../../../pipelines/company-brief/pipeline';
import type { CompanyBriefResponse } from '../../../pipelines/company-brief/schemas';

const input = { company: 'Ondavolt Energy', domain: 'Ondavolt.example', question: 'Who owns it?' };
const enrichment = { internalData: null, promptVersion: 7 };

type Page = { url: string; title: string };

function brief(facts: CompanyBriefResponse['facts'], citations: Page[] = [], sources = citations) {
  return postProcess(
    { summary: 'Owned by its founders.', facts, confidence: 0.8 },
    { input, enrichment, citations, sources },
  );
}

function fact(...sources: string[]) {
  return { statement: 'The founders own it.', sources };
}

describe('postProcess', () => {
  it('verifies a fact that has a cited source, in whatever spelling', () => {
    const { facts } = brief(
      [fact('http://WWW.News.example:80/ondavolt/?fbclid=1#owners', 'https://made-up.example/x')],
      [{ url: 'https://www.news.example/ondavolt?utm_source=openai', title: 'Owners' }],
    );
    expect(facts).toEqual([
      {
        statement: 'The founders own it.',
        sources: ['https://www.news.example/ondavolt', 'https://made-up.example/x'],
        verified: true,
      },
    ]);
  });

  it.each([
    ['it has no source', fact()],
    ['its source was not cited', fact('https://made-up.example/x')],
    ['another page of the same host was cited', fact('https://news.example/other')],
    ['its source is no web page', fact('internal data')],
  ])('does not verify a fact when %s', (_, unverified) => {
    const { facts } = brief([unverified], [{ url: 'https://news.example/ondavolt', title: 'Owners' }]);
    expect(facts[0]!.verified).toBe(false);
  });

  it('lists every source once: cited ones first, https before http, with the first title', () => {
    const { sources } = brief(
      [
        fact('https://made-up.example/x', 'https://made-up.example/x/', 'ftp://old.example'),
        fact('https://b.example'),
      ],
      [
        { url: 'http://a.example/1', title: ' ' },
        { url: 'https://b.example/', title: 'B' },
        { url: 'https://a.example/1?gclid=5', title: ' A ' },
        { url: 'https://b.example/#top', title: 'Other' },
        { url: 'not a url', title: 'No' },
      ],
    );
    expect(sources).toEqual([
      { url: 'https://a.example/1', title: 'A', host: 'a.example', cited: true },
      { url: 'https://b.example', title: 'B', host: 'b.example', cited: true },
      { url: 'https://made-up.example/x', title: '', host: 'made-up.example', cited: false },
    ]);
  });

  it('keeps every page that was consulted besides, once, in order, and says how many were left out before', () => {
    const page = (url: string) => ({ url, title: '' });
    const cited = [page('https://a.example/1')];
    const consulted = [
      ...['http://c.example/3/', 'https://a.example/1?utm_source=openai', 'https://made-up.example/x'],
      ...['https://b.example/2', 'https://c.example/3', 'not a url'],
    ];
    const sources = [...consulted.map(page), ...cited];
    const all = brief([fact('https://made-up.example/x')], cited, sources);
    expect(all.consulted).toEqual(['https://c.example/3', 'https://b.example/2']);
    expect(all.sources.map(({ url }) => url)).toEqual(['https://a.example/1', 'https://made-up.example/x']);
    expect(all).not.toHaveProperty('consultedLeftOut');
    const answer = { summary: 's', facts: [], confidence: 0.8 };
    const cut = postProcess(answer, { input, enrichment, citations: [], sources, sourcesLeftOut: 12 });
    expect(cut.consultedLeftOut).toBe(12);
  });

  it('lists a source of a fact once, with the spelling the list of sources has', () => {
    const { facts } = brief([fact('http://a.example/1', 'https://a.example/1#x', 'http://a.example/1/')]);
    expect(facts[0]!.sources).toEqual(['https://a.example/1']);
  });

  it('counts only cited hosts for the score', () => {
    const invented = brief([fact('https://a.example'), fact('https://b.example'), fact('https://c.example')]);
    expect(invented.score).toBe(24);
    const cited = brief(
      [fact('https://a.example/1')],
      [
        { url: 'https://a.example/1', title: '' },
        { url: 'https://www.a.example/2', title: '' },
      ],
    );
    expect(cited.score).toBe(24 + 50 + 5);
  });

  it('removes what the web search left of its citations in the text', () => {
    const marked = '\uE200cite\uE202turn1search0\uE202turn0news14\uE201';
    const answer = {
      summary: `Owned by its founders ${marked}${marked}. Since 2006.${marked}`,
      facts: [{ statement: `${marked} They own it.`, sources: [] }],
      confidence: 0.8,
    };
    const { summary, facts } = postProcess(answer, { input, enrichment, citations: [], sources: [] });
    expect(summary).toBe('Owned by its founders. Since 2006.');
    expect(facts[0]!.statement).toBe('They own it.');
  });

  it('keeps the request, and names the prompt of the enrichment, not of this deployment', () => {
    expect(brief([])).toEqual({
      company: 'Ondavolt Energy',
      domain: 'ondavolt.example',
      question: 'Who owns it?',
      summary: 'Owned by its founders.',
      facts: [],
      sources: [],
      consulted: [],
      score: 24,
      confidence: 0.8,
      usedInternalData: false,
      promptVersion: 7,
    });
  });

  it('gives the same bytes every time and changes none of its arguments, as the policy promises', () => {
    expect(companyBrief.policy.postProcess.deterministic).toBe(true);
    const answer = deepFreeze({ summary: 's', facts: [fact('http://a.example/1'), fact()], confidence: 0.8 });
    const context = deepFreeze({
      input,
      enrichment,
      citations: [{ url: 'https://a.example/1', title: 'A' }],
      sources: [{ url: 'https://c.example/1', title: '' }],
    });

    const first = JSON.stringify(postProcess(answer, context));
    jest.useFakeTimers({ now: 0 });
    const random = jest.spyOn(Math, 'random').mockReturnValue(0.1);
    try {
      expect(JSON.stringify(postProcess(answer, context))).toBe(first);
    } finally {
      random.mockRestore();
      jest.useRealTimers();
    }
  });
});

function deepFreeze<T extends object>(value: T): T {
  for (const child of Object.values(value))
    if (typeof child === 'object' && child !== null) deepFreeze(child);
  return Object.freeze(value);
}
