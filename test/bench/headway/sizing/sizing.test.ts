import { join } from 'node:path';
import { readEarlier } from '../../../../bench/headway/report/read-earlier';
import { readCost, readInFlight, type CostFigures } from '../../../../bench/headway/sizing/figures';
import { fitLine, valueAt, wavesOf } from '../../../../bench/headway/sizing/fit';
import { fitPlot } from '../../../../bench/headway/sizing/fit-plot';
import { example } from '../../../../bench/headway/sizing/inputs';
import { fitModel, mayExtrapolate } from '../../../../bench/headway/sizing/model';
import { planFor } from '../../../../bench/headway/sizing/plan';
import { sizingMarkdown } from '../../../../bench/headway/sizing/summary';

const recorded = async (name = 'recorded-run'): Promise<{ cost: CostFigures; inFlight: unknown }> => {
  const { parts } = await readEarlier([join(__dirname, `${name}.json`)]);
  return { cost: readCost(parts.cost?.figures), inFlight: parts['in-flight']?.figures };
};
const textOf = (cost: CostFigures) => {
  const model = fitModel(cost);
  const plan = mayExtrapolate(model) ? { plan: planFor(model, example) } : {};
  return sizingMarkdown({ source: 'a run', temporalVersion: '1.29.1', model, inputs: example, ...plan });
};

it('finds the parts of what follows the model, none of them below zero', () => {
  const points = [1, 10, 100].map((packSize) => ({ packSize, value: 3 + 40 / packSize }));
  const line = { perJob: expect.closeTo(3), perPack: expect.closeTo(40), perWave: 0 };
  expect(fitLine(points, 1)).toEqual(line);
  expect(
    fitLine(
      points.map(({ packSize }) => ({ packSize, value: packSize })),
      1,
    ).perPack,
  ).toBe(0);
  expect(
    fitLine(
      points.map(({ packSize }) => ({ packSize, value: 0 })),
      1,
    ),
  ).toMatchObject({ perJob: 0, perPack: 0 });
  expect(() => fitLine(points.slice(1), 1)).toThrow('three sizes');
});

it('finds what a wave costs, where calls of a pack end in several', () => {
  const real = { perJob: 8, perPack: 90, perWave: 11 };
  const points = [1, 10, 50, 100].map((packSize) => ({ packSize, value: valueAt(real, packSize, 10) }));
  expect(fitLine(points, 10)).toEqual({
    ...{ perJob: expect.closeTo(8), perPack: expect.closeTo(90), perWave: expect.closeTo(11) },
  });
  expect(fitLine(points, 10, ['perPack', 'perWave']).perJob).toBe(0);
});

it('knows in how many waves calls end', () => {
  expect(wavesOf(1, 10)).toBeCloseTo(1);
  expect(wavesOf(2, 2)).toBeCloseTo(1.5);
  expect(wavesOf(1_000, 10)).toBeCloseTo(10);
  expect(wavesOf(50, 1)).toBe(1);
});

it('weighs deviations by what was measured, so that the small values count', () => {
  const values = { 1: 100, 10: 20, 100: 4 };
  const line = fitLine(
    Object.entries(values).map(([size, value]) => ({ packSize: Number(size), value })),
    1,
  );
  expect(Math.abs(valueAt(line, 100, 1) / 4 - 1)).toBeLessThan(0.6);
});

it('reproduces a real run within 15 %, every point', async () => {
  const { cost } = await recorded();
  const { points } = fitModel(cost);
  expect(points.map(({ packSize }) => packSize)).toEqual([1, 10, 50, 100]);
  for (const { deviation } of points) expect(deviation).toBeLessThanOrEqual(0.15);
  expect(textOf(cost)).toContain('worker processes');
});

it('reproduces a real run whose calls ended in many waves within 10 %, every point', async () => {
  const { cost } = await recorded('recorded-run-5-10');
  const { points, mostWaves } = fitModel(cost);
  expect(mostWaves).toBe(10);
  expect(points).toHaveLength(4);
  for (const { deviation } of points) expect(deviation).toBeLessThanOrEqual(0.1);
  expect(textOf(cost)).toContain('waves = 10 * (1 - (1 - 1 / 10) ^ packSize)');
});

it('says nothing about what was not measured when it does not reproduce what was', async () => {
  const { cost } = await recorded();
  const rounds = cost.rounds.map((round) =>
    round.way === 'headway-50' ? { ...round, cpuMsPerJob: { ...round.cpuMsPerJob, worker: 15 } } : round,
  );
  const text = textOf({ ...cost, rounds });
  expect(text).toContain('says nothing about what was not measured');
  expect(text).not.toContain('worker processes');
});

it('plans by the formulas', async () => {
  const flat = { perJob: 6, perPack: 0, perWave: 0 };
  const { cost, inFlight } = await recorded();
  const model = { ...fitModel(cost), transitions: { perJob: 0, perPack: 15, perWave: 0 } };
  const cpuMs = { ...model.cpuMs, worker: flat, engine: { perJob: 0, perPack: 48, perWave: 0 } };
  const plan = planFor({ ...model, cpuMs }, example, readInFlight(inFlight));
  // 5,000 jobs/s of 6 ms are 30 cores, 50 of them used to 60 %.
  expect(plan).toMatchObject({ workers: 50, workersBoundBy: 'CPU', workflowsPerSecond: 100 });
  // 100 packs/s with 15 transitions and 3 writes to visibility; 7.5 s of writes a second, a shard to 30 %: 25 shards.
  expect(plan).toMatchObject({ writesPerSecond: 1_800, shards: 32, serverHosts: 1 });
  expect(plan.memoryGb).toBeGreaterThan(1);
  const idle = planFor(
    { ...model, cpuMs: { ...cpuMs, worker: { perJob: 0.01, perPack: 0, perWave: 0 } } },
    example,
  );
  expect(idle).toMatchObject({ workers: 3, workersBoundBy: 'jobs in flight', memoryGb: undefined });
});

it('asks for figures where there are none', () => {
  expect(() => readCost(undefined)).toThrow('--from');
});

it('has a plot that says how good the model is', async () => {
  const model = fitModel((await recorded()).cost);
  expect(await fitPlot({ ...model, worst: 0.101 }, 'A run.')).toContain('The model is within 11 %');
  expect(await fitPlot({ ...model, worst: 0.2 }, 'A run.')).toContain('The model is up to 20 % away');
});
