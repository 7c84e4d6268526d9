import { planArrivals } from '../../../../bench/headway/steady/arrivals';

const load = { name: 'a case', perSecond: 40, llmMs: { from: 5_000, to: 10_000 } };

it('sends at independent moments at the rate that is asked for, the same for the same seed and round', () => {
  const records = planArrivals(load, 100_000, { seed: 1, round: 0 });
  expect(Math.abs(records.length / 4_000 - 1)).toBeLessThan(0.05);
  const gaps = records.slice(1).map(({ at }, index) => at - records[index]!.at);
  // Exponential: the mean is 25 ms, and 37 % are longer than that.
  const longer = gaps.filter((gap) => gap > 25).length / gaps.length;
  expect(longer).toBeGreaterThan(0.33);
  expect(longer).toBeLessThan(0.41);
  for (const { latencyMs } of records) {
    expect(latencyMs).toBeGreaterThanOrEqual(5_000);
    expect(latencyMs).toBeLessThanOrEqual(10_000);
  }
  expect(planArrivals(load, 100_000, { seed: 1, round: 0 })).toEqual(records);
  expect(planArrivals(load, 100_000, { seed: 1, round: 1 })).not.toEqual(records);
});

it('sends nothing where nothing is to arrive', () => {
  expect(planArrivals({ ...load, perSecond: 0 }, 100_000, { seed: 1, round: 0 })).toEqual([]);
});
