import { z } from 'zod';
import { policySchema } from '../contracts/policy';
import { nearestNames } from './nearest-names';

/**
 * What is wrong with fields that a pipeline has and cannot have, and which ones may be meant; undefined when there is none. One that was ignored
 * would be worse than an error: `polcy: { confidential: true }` hides nothing.
 *
 * @param fields those a pipeline can have
 */
export function unknownFields(definition: object, fields: readonly string[]): string | undefined {
  const known = [...fields, ...policyPaths()];
  const unknown = Object.keys(definition).filter((key) => !fields.includes(key));
  return joined([...unknown, ...unknownInPolicy(definition)].map((path) => sentenceFor(path, known)));
}

function unknownInPolicy({ policy = {} }: { policy?: unknown }): string[] {
  const issues = policySchema.safeParse(policy).error?.issues ?? [];
  return issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ['policy', ...issue.path, key].join('.'))
      : [],
  );
}

/** `policy.enrich`, `policy.enrich.timeoutMs` and so on. */
function policyPaths(): string[] {
  return Object.entries(policySchema.shape).flatMap(([name, schema]) => {
    const settings = schema instanceof z.ZodPrefault ? Object.keys(schema.unwrap().shape) : [];
    return [`policy.${name}`, ...settings.map((setting) => `policy.${name}.${setting}`)];
  });
}

function sentenceFor(path: string, known: readonly string[]): string {
  const beside = known.filter((other) => parentOf(other) === parentOf(path));
  const near = nearestNames(lastOf(path), known.map(lastOf));
  const meant = known.filter((other) => near.includes(lastOf(other)));
  const nearest = meant.filter((other) => beside.includes(other));
  const perhaps = [...new Set(nearest.length > 0 ? nearest : meant)].join(' or ');
  const instead = perhaps === '' ? `there are ${beside.join(', ')}` : `perhaps ${perhaps} is meant`;
  return `${path}: is no field of a pipeline; ${instead}`;
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('.')));
}

function lastOf(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1);
}

function joined(sentences: string[]): string | undefined {
  return sentences.length > 0 ? sentences.slice(0, 5).join('; ') : undefined;
}
