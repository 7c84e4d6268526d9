import { toPostProcess } from '../../workflows/job-progress';

test('post-processing gets all of an answer that it needs, and of an answer of before nothing new', () => {
  const answer = { kind: 'answer', answer: { a: 1 }, citations: [], model: 'm' } as const;
  const consulted = { consulted: ['https://a.example'], consultedLeftOut: 2 };
  expect(toPostProcess({ ...answer, citations: [], ...consulted })).toEqual({
    ...{ answer: { a: 1 }, citations: [] },
    ...consulted,
  });
  // Its size as JSON decides how many of a pack are post-processed together.
  expect(JSON.stringify(toPostProcess({ ...answer, citations: [] }))).toBe(
    '{"answer":{"a":1},"citations":[]}',
  );
});
