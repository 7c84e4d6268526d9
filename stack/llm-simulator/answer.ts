import type { Call } from './call';
import { cutOff, breakJson, violateSchema } from './damage';
import { generateFromSchema } from './generate-from-schema';
import { createRandom } from './random';
import { createSources, type Sources } from './sources';
import { createWriter, type Writer } from './writer';

/** How a response ends. */
export type Outcome =
  | { kind: 'completed' | 'malformed' | 'wrong_schema' | 'refusal' }
  | { kind: 'incomplete'; reason: string }
  | { kind: 'failed'; code: string };

/** What the model said. */
export interface Answer {
  text: string;
  refused: boolean;
  sources: Sources;
  /** Set when the answer was cut off. */
  incompleteReason?: string;
}

/** Tokens of a text; the real tokenizer comes to about four characters a token for English. */
export function countTokens(text: string): number {
  return Math.ceil(text.length / 4);
}

/** Writes the answer of the nth call of a job: the same one every time it is asked. */
export function writeAnswer(call: Call, nth: number, outcome: Outcome, seed: number): Answer {
  const random = createRandom('text', seed, call.jobKey, nth);
  const writer = createWriter(call.subject, random);
  const sources = createSources(call.subject, call.webSearch?.allowedDomains, random);
  if (outcome.kind === 'refusal') return { text: writer.refusal(), refused: true, sources };

  let text: string;
  if (call.format.type === 'text') {
    text = writeProse(writer, call.webSearch ? sources : undefined);
  } else {
    const { findings } = call;
    const value = generateFromSchema(call.format.schema, { random, writer, sources, findings });
    text = JSON.stringify(
      outcome.kind === 'wrong_schema' ? violateSchema(value, call.format.schema, random) : value,
    );
  }
  if (outcome.kind === 'malformed') text = breakJson(text, random);
  if (outcome.kind === 'incomplete') {
    return { text: cutOff(text, random), refused: false, sources, incompleteReason: outcome.reason };
  }
  if (call.maxOutputTokens !== undefined && countTokens(text) > call.maxOutputTokens) {
    const kept = text.slice(0, call.maxOutputTokens * 4);
    return { text: kept, refused: false, sources, incompleteReason: 'max_output_tokens' };
  }
  return { text, refused: false, sources };
}

function writeProse(writer: Writer, sources: Sources | undefined): string {
  const facts = Array.from({ length: 4 }, () => {
    const fact = writer.fact();
    if (!sources) return fact;
    const { page, spelling } = sources.cite();
    return `${fact} ([${page.title}](${spelling}))`;
  });
  return `${writer.summary()}\n\n${facts.map((fact) => `- ${fact}`).join('\n')}`;
}
