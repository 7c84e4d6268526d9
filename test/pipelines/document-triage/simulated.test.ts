import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { jobRequestSchema } from '../../../contracts/job-request';
import { documentTriage } from '../../../pipelines/document-triage/pipeline';
import type { DocumentTriage } from '../../../pipelines/document-triage/post-process';
import { writeAnswer } from '../../../stack/llm-simulator/answer';
import { readCall } from '../../../stack/llm-simulator/call';
import { readDirectives } from '../../../stack/llm-simulator/directives';

const file = join(__dirname, '..', '..', '..', 'examples', 'document-triage.jsonl');
const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
const jobs = lines.map((line) => jobRequestSchema.parse(JSON.parse(line)));

/** What becomes of a job when the simulator answers. */
function triage({ id, input }: (typeof jobs)[number]): DocumentTriage {
  const prompt = documentTriage.prompt(input, null);
  const schema = z.toJSONSchema(documentTriage.response);
  const call = readCall({
    model: 'any',
    ...prompt,
    metadata: { headway_job_id: id! },
    text: { format: { type: 'json_schema', name: 'document_triage', strict: true, schema } },
  });
  const { text } = writeAnswer(call, 1, { kind: 'completed' }, 1);
  const answer = documentTriage.response.parse(JSON.parse(text));
  return documentTriage.postProcess(answer, {
    input,
    enrichment: null,
    citations: [],
    sources: [],
  }) as DocumentTriage;
}

describe('examples/document-triage.jsonl', () => {
  it('holds some 60 documents of every type, each a job that the pipeline takes, with an id and a text of its own', () => {
    expect(jobs.length).toBeGreaterThanOrEqual(60);
    expect(jobs.filter(({ input }) => !documentTriage.request.safeParse(input).success)).toEqual([]);
    expect(new Set(jobs.map(({ id }) => id)).size).toBe(jobs.length);
    expect(new Set(jobs.map(({ input }) => input.text)).size).toBe(jobs.length);
    const types = new Set(jobs.map(({ metadata }) => metadata?.expectedType));
    expect([...types].sort()).toEqual([...documentTypesOf()].sort());
  });

  it('asks the simulator for nothing special', () => {
    expect(lines.filter((line) => readDirectives(undefined, line).length > 0)).toEqual([]);
  });
});

describe('the simulator', () => {
  const outputs = jobs.map((job) => ({ job, output: triage(job) }));

  it('says of most documents what they are', () => {
    const wrong = outputs.filter(({ job, output }) => output.type !== job.metadata?.expectedType);
    expect(wrong.length).toBeLessThanOrEqual(8);
  });

  it('takes parties, dates and amounts out of the text rather than invent them', () => {
    const made = outputs.flatMap(({ job, output }) => output.unsupported.map((what) => `${job.id}: ${what}`));
    expect(made).toEqual([]);
    const total = (list: 'parties' | 'dates' | 'amounts') =>
      outputs.reduce((sum, { output }) => sum + output[list].length, 0);
    expect(total('dates')).toBeGreaterThan(jobs.length);
    expect(total('amounts')).toBeGreaterThan(jobs.length);
    expect(total('parties')).toBeGreaterThan(jobs.length / 2);
  });

  it('knows the languages', () => {
    const languages = new Map(outputs.map(({ job, output }) => [job.id, output.language]));
    expect(languages.get('doc-001')).toBe('en');
    expect(languages.get('doc-002')).toBe('de');
    expect(languages.get('doc-003')).toBe('fr');
    expect(languages.get('doc-004')).toBe('es');
  });
});

function documentTypesOf(): string[] {
  const { properties } = z.toJSONSchema(documentTriage.response);
  return (properties!.type as { enum: string[] }).enum;
}
