import { workflowTaskTimeout } from '../../contracts/large-jobs';

it.each<[string, unknown, string | undefined]>([
  ['what is many megabytes large', { input: { text: 'x'.repeat(2_000_000) } }, '60s'],
  ['many small things', Array(200).fill('x'.repeat(10_000)), '60s'],
  ['half a megabyte', 'x'.repeat(500_000), undefined],
  ['nothing', undefined, undefined],
])('workflow tasks get time for what is large: %s', (_, carried, timeout) => {
  expect(workflowTaskTimeout(carried)).toBe(timeout);
});
