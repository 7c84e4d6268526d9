import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { jobRequestSchema } from '../../../contracts/job-request';
import { pipelineNamed } from '../../../pipelines/registry';
import { readDirectives } from '../../../stack/llm-simulator/directives';

const root = join(__dirname, '..', '..', '..');

function linesOf(path: string): string[] {
  return readFileSync(join(root, path), 'utf8').trimEnd().split('\n');
}

/** Parsed as the bridge does it: the job request, then its input by the schema of the pipeline. */
function jobOf(line: string) {
  const job = jobRequestSchema.parse(JSON.parse(line));
  const { company, domain, question } = pipelineNamed(job.pipeline).request.parse(job.input) as Record<
    string,
    string
  >;
  return { ...job, company: company!, domain: domain!, question: question! };
}

const lines = linesOf('examples/company-brief.jsonl');
const specials = linesOf('examples/special.jsonl');

describe('examples/company-brief.jsonl', () => {
  it('holds at least 600 lines, each of them a job that an installed pipeline takes', () => {
    expect(lines.length).toBeGreaterThanOrEqual(600);
    const refused = lines.filter((line) => {
      try {
        return !jobOf(line).id;
      } catch {
        return true;
      }
    });
    expect(refused).toEqual([]);
  });

  it('gives every job an id and a question of its own', () => {
    const jobs = lines.map(jobOf);
    expect(new Set([...jobs, ...specials.slice(0, 2).map(jobOf)].map((job) => job.id)).size).toBe(
      jobs.length + 2,
    );
    expect(new Set(jobs.map((job) => `${job.domain} ${job.question}`)).size).toBe(jobs.length);
  });

  it('asks in many ways, for several tenants', () => {
    const jobs = lines.map(jobOf);
    const templates = new Set(
      jobs.map((job) => job.question.replaceAll(job.company, '*').replace(/\*'s?/, '*')),
    );
    expect(templates.size).toBeGreaterThanOrEqual(40);
    expect(new Set(jobs.map((job) => job.tenant)).size).toBeGreaterThanOrEqual(3);
  });

  it('asks about companies of the seed, and about a few that are not in it', () => {
    const seed = JSON.parse(readFileSync(join(root, 'stack/postgres/seed/companies.json'), 'utf8')) as {
      domain: string;
    }[];
    const known = new Set(seed.map((company) => company.domain));
    const asked = new Set(lines.map((line) => jobOf(line).domain));
    expect([...known].filter((domain) => !asked.has(domain))).toEqual([]);
    expect([...asked].filter((domain) => !known.has(domain)).length).toBeGreaterThanOrEqual(3);
  });

  it('asks the simulator for nothing special', () => {
    expect(lines.filter((line) => readDirectives(undefined, line).length > 0)).toEqual([]);
  });
});

describe('examples/special.jsonl', () => {
  it.each([
    [0, 'slow'],
    [1, 'refusal'],
  ])('line %i asks the simulator for %s', (index, fault) => {
    expect(readDirectives(undefined, jobOf(specials[index]!).question)).toMatchObject([{ fault }]);
  });

  it('has one more line, and it is not JSON', () => {
    expect(specials).toHaveLength(3);
    expect(() => JSON.parse(specials[2]!) as unknown).toThrow(SyntaxError);
  });
});
