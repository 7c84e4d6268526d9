import type { FastifyError } from 'fastify';
import { HeadwayError, sentence } from '../../contracts/errors';
import type { FieldProblem } from '../../contracts/problem';
import { pointerTo, RequestProblem } from './problems';

/** What a schema found wrong with a request; undefined for other errors. */
export function validationProblem(error: unknown): HeadwayError | undefined {
  const { validation, validationContext } = error as Partial<FastifyError>;
  if (!validation || !validationContext) return undefined;
  if (validationContext === 'params') {
    return new HeadwayError('HW_JOB_UNKNOWN', 'no job can have this id');
  }
  const isBody = validationContext === 'body';
  const errors = validation.slice(0, 100).flatMap((issue): FieldProblem[] => {
    const at = issue.instancePath
      .split('/')
      .slice(1)
      .filter((part) => part !== '');
    const detail = sentence(issue.message ?? 'is not valid');
    // Zod reports keys that nobody knows all together, at the object that has them.
    const keys = issue.params.keys as string[] | undefined;
    const paths = keys ? keys.map((key) => [...at, key]) : [at];
    return paths.map((path) =>
      isBody ? { pointer: pointerTo(path), detail } : { parameter: path.join('.'), detail },
    );
  });
  const said = errors
    .slice(0, 5)
    .map(
      ({ pointer, parameter, detail }) =>
        `${pointer?.slice(2).replaceAll('/', '.') || parameter || 'the body'}: ${detail}`,
    );
  return new RequestProblem(isBody ? 'HW_JOB_INVALID' : 'HW_REQUEST_INVALID', sentence(said.join('; ')), {
    errors,
  });
}
