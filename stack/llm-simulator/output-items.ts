import type { Answer } from './answer';
import type { Call } from './call';
import type { Page } from './sources';

/**
 * The `output` of a finished response: what the model did, in its order.
 * @param idTail ties the ids of the items to their response
 */
export function outputItems(call: Call, answer: Answer, idTail: string, includeSources: boolean): unknown[] {
  const items: unknown[] = [];
  if (isReasoningModel(call.model)) items.push({ id: `rs_${idTail}`, type: 'reasoning', summary: [] });
  if (call.webSearch) items.push(...searchItems(call, answer, idTail, includeSources));
  items.push({
    id: `msg_${idTail}`,
    type: 'message',
    status: answer.incompleteReason ? 'incomplete' : 'completed',
    role: 'assistant',
    content: [
      answer.refused
        ? { type: 'refusal', refusal: answer.text }
        : { type: 'output_text', text: answer.text, annotations: annotations(call, answer), logprobs: [] },
    ],
  });
  return items;
}

/** Models that think first, and say so with an item and with tokens of their own. */
export function isReasoningModel(model: string): boolean {
  return /^(gpt-5|o\d)/.test(model);
}

function searchItems(call: Call, { sources }: Answer, idTail: string, includeSources: boolean): unknown[] {
  const { company, question } = call.subject;
  const queries = [`${company} ${question}`.slice(0, 120), `${company} company profile`];
  const half = Math.ceil(sources.pages.length / queries.length);
  return queries.map((query, index) => {
    const found = sources.pages.slice(index * half, (index + 1) * half);
    const listed = includeSources ? { sources: found.map(({ url }) => ({ type: 'url', url })) } : {};
    return {
      id: `ws_${idTail}${index}`,
      type: 'web_search_call',
      status: 'completed',
      action: { type: 'search', query, queries: [query], ...listed },
    };
  });
}

function annotations(call: Call, { sources, text }: Answer): unknown[] {
  if (!call.webSearch) return [];
  const places = new Map<Page, { start: number; end: number }>();
  for (const { page, spelling } of sources.cited) {
    const start = text.indexOf(spelling);
    if (start >= 0 && !places.has(page)) places.set(page, { start, end: start + spelling.length });
  }
  if (sources.cited.length === 0) {
    // A schema without a place for URLs: the model read the pages all the same.
    for (const page of sources.pages.slice(0, 2)) places.set(page, { start: 0, end: text.length });
  }
  return [...places]
    .sort(([, first], [, second]) => first.start - second.start)
    .map(([page, { start, end }]) => citation(page, start, end));
}

function citation({ url, title }: Page, start: number, end: number): unknown {
  return { type: 'url_citation', url, title, start_index: start, end_index: end };
}
