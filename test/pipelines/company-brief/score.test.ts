import { score } from '../../../pipelines/company-brief/score';

const best = { confidence: 1, facts: 4, verifiedFacts: 4, citedHosts: 4 };

describe('score', () => {
  it.each([
    ['everything verified, many hosts, sure', best, 100],
    ['more hosts than enough', { ...best, citedHosts: 40 }, 100],
    ['nothing at all', { confidence: 0, facts: 0, verifiedFacts: 0, citedHosts: 0 }, 0],
    ['sure, but without a fact', { confidence: 1, facts: 0, verifiedFacts: 0, citedHosts: 0 }, 30],
    ['sure, but every source made up', { confidence: 1, facts: 4, verifiedFacts: 0, citedHosts: 0 }, 30],
    [
      'half verified, half sure, one host',
      { confidence: 0.5, facts: 4, verifiedFacts: 2, citedHosts: 1 },
      45,
    ],
    ['one of three verified', { confidence: 0.9, facts: 3, verifiedFacts: 1, citedHosts: 2 }, 54],
  ])('%s', (_, input, expected) => {
    expect(score(input)).toBe(expected);
  });
});
