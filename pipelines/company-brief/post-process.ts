import type { Citation } from '../../contracts/stages';
import type { PostProcessContext } from '../define-pipeline';
import { withoutCitationMarkers } from './citation-markers';
import type { CompanyBriefEnrichment } from './enrich';
import { hostOf, normaliseUrl, pageOf } from './normalise-url';
import type { CompanyBriefRequest, CompanyBriefResponse } from './schemas';
import { score } from './score';

export interface CompanyBrief {
  company: string;
  domain: string;
  question: string;
  summary: string;
  /** `verified`: at least one of the sources was cited by the web search, so the model did not make all of them up. */
  facts: { statement: string; sources: string[]; verified: boolean }[];
  /** Every page cited or named, once: the cited ones first. */
  sources: Source[];
  /** Every page that the web search consulted besides. */
  consulted: string[];
  /** How many more there were than could be kept; absent when there are none. */
  consultedLeftOut?: number;
  /** 0 to 100, see score.ts. */
  score: number;
  confidence: number;
  usedInternalData: boolean;
  promptVersion: number;
}

export interface Source {
  url: string;
  /** Empty when the web search did not cite the page. */
  title: string;
  host: string;
  cited: boolean;
}

/** Makes the brief out of the answer: sources cleaned and listed once, each fact checked against the citations, a score. */
export function postProcess(
  answer: CompanyBriefResponse,
  context: PostProcessContext<CompanyBriefRequest, CompanyBriefEnrichment>,
): CompanyBrief {
  const { input, enrichment, citations, sourcesLeftOut } = context;
  const sources = collectSources(answer, citations);
  const facts = answer.facts.map((fact) => {
    const own = [...new Set(fact.sources.flatMap((text) => sources.get(keyOf(text)) ?? []))];
    return {
      statement: withoutCitationMarkers(fact.statement),
      sources: own.map((source) => source.url),
      verified: own.some((source) => source.cited),
    };
  });
  const list = [...sources.values()];

  return {
    ...input,
    domain: input.domain.toLowerCase(),
    summary: withoutCitationMarkers(answer.summary),
    facts,
    sources: list,
    consulted: consultedBesides(context.sources, sources),
    ...(sourcesLeftOut !== undefined && { consultedLeftOut: sourcesLeftOut }),
    score: score({
      confidence: answer.confidence,
      facts: facts.length,
      verifiedFacts: facts.filter((fact) => fact.verified).length,
      citedHosts: new Set(list.filter((source) => source.cited).map((source) => source.host)).size,
    }),
    confidence: answer.confidence,
    usedInternalData: enrichment.internalData !== null,
    promptVersion: enrichment.promptVersion,
  };
}

/** By page. Of `http` and `https` the latter wins, and so does the first title that is not empty. */
function collectSources(answer: CompanyBriefResponse, citations: Citation[]): Map<string, Source> {
  const sources = new Map<string, Source>();
  const named = answer.facts.flatMap((fact) => fact.sources.map((url) => ({ url, title: '', cited: false })));

  for (const { url: text, title, cited } of [...citations.map((c) => ({ ...c, cited: true })), ...named]) {
    const url = normaliseUrl(text);
    if (!url) continue;
    const known = sources.get(pageOf(url));
    if (!known) sources.set(pageOf(url), { url, title: title.trim(), host: hostOf(url), cited });
    else {
      if (url.startsWith('https:')) known.url = url;
      known.title ||= title.trim();
    }
  }
  return sources;
}

function consultedBesides(all: Citation[], listed: Map<string, Source>): string[] {
  const besides = new Map<string, string>();
  for (const { url: text } of all) {
    const url = normaliseUrl(text);
    if (!url || listed.has(pageOf(url))) continue;
    if (url.startsWith('https:') || !besides.has(pageOf(url))) besides.set(pageOf(url), url);
  }
  return [...besides.values()];
}

function keyOf(text: string): string {
  const url = normaliseUrl(text);
  return url ? pageOf(url) : '';
}
