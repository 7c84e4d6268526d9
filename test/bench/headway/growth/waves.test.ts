import { longestMs, planWaves } from '../../../../bench/headway/growth/waves';

const waits = (waves: number) =>
  planWaves({ waves, jobs: 600, packMax: 50 }).map(({ latencyMs }) => latencyMs);

it('gives every full pack so many waves, further apart than what counts as one', () => {
  for (const waves of [1, 10, 50]) {
    for (const partition of [0, 11]) {
      // The producer writes in turn to 12 partitions, so a pack has every twelfth record.
      const pack = waits(waves).filter((_, index) => index % 12 === partition);
      const ends = [...new Set(pack)].sort((a, b) => a - b);
      expect(ends).toHaveLength(waves);
      expect(Math.max(...ends)).toBe(longestMs(waves));
      for (const [index, end] of ends.entries())
        if (index > 0) expect(end - ends[index - 1]!).toBeGreaterThan(500);
    }
  }
});

it('gives jobs the ids that a round looks for, each once', () => {
  const ids = planWaves({ waves: 5, jobs: 100, packMax: 50 }).map(({ id }) => id);
  expect(new Set(ids).size).toBe(100);
  expect(ids.every((id) => id.startsWith('job-'))).toBe(true);
});
