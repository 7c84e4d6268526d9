import { join } from 'node:path';
import { readEarlier } from '../../../../bench/headway/report/read-earlier';
import { readCost, readInFlight, type CostFigures } from '../../../../bench/headway/sizing/figures';
import { fitLine, valueAt } from '../../../../bench/headway/sizing/fit';
import { fitPlot } from '../../../../bench/headway/sizing/fit-plot';
import { example } from '../../../../bench/headway/sizing/inputs';
import { fitModel, mayExtrapolate } from '../../../../bench/headway/sizing/model';
import { planFor } from '../../../../bench/headway/sizing/plan';
import { sizingMarkdown } from '../../../../bench/headway/sizing/summary';

const recorded = async (): Promise<{ cost: CostFigures; inFlight: unknown }> => {
  const { parts } = await readEarlier([join(__dirname, 'recorded-run.json')]);
  return { cost: readCost(parts.cost?.figures), inFlight: parts['in-flight']?.figures };
};
const textOf = (cost: CostFigures) => {
  const model = fitModel(cost);
  const plan = mayExtrapolate(model) ? { plan: planFor(model, example) } : {};
  return sizingMarkdown({ source: 'a run', temporalVersion: '1.29.1', model, inputs: example, ...plan });
};

it('finds the parts of what follows the model, none of them below zero', () => {
  const points = [1, 10, 100].map((packSize) => ({ packSize, value: 3 + 40 / packSize }));
  const { perJob, perPack } = fitLine(points);
  expect([perJob, perPack]).toEqual([expect.closeTo(3), expect.closeTo(40)]);
  expect(fitLine(points.map(({ packSize }) => ({ packSize, value: packSize }))).perPack).toBe(0);
  expect(() => fitLine(points.slice(1))).toThrow('three sizes');
});

it('weighs deviations by what was measured, so that the small values count', () => {
  const values = { 1: 100, 10: 20, 100: 4 };
  const line = fitLine(Object.entries(values).map(([size, value]) => ({ packSize: Number(size), value })));
  expect(Math.abs(valueAt(line, 100) / 4 - 1)).toBeLessThan(0.6);
});

it('reproduces a real run within 15 %, every point', async () => {
  const { cost } = await recorded();
  const { points } = fitModel(cost);
  expect(points.map(({ packSize }) => packSize)).toEqual([1, 10, 50, 100]);
  for (const { deviation } of points) expect(deviation).toBeLessThanOrEqual(0.15);
  expect(textOf(cost)).toContain('worker processes');
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
  const flat = { perJob: 6, perPack: 0 };
  const { cost, inFlight } = await recorded();
  const model = { ...fitModel(cost), transitions: { perJob: 0, perPack: 15 } };
  const cpuMs = { ...model.cpuMs, worker: flat, engine: { perJob: 0, perPack: 48 } };
  const plan = planFor({ ...model, cpuMs }, example, readInFlight(inFlight));
  // 5,000 jobs/s of 6 ms are 30 cores, 50 of them used to 60 %.
  expect(plan).toMatchObject({ workers: 50, workersBoundBy: 'CPU', workflowsPerSecond: 100 });
  // 100 packs/s with 15 transitions and 3 writes to visibility; 7.5 s of writes a second, a shard to 30 %: 25 shards.
  expect(plan).toMatchObject({ writesPerSecond: 1_800, shards: 32, serverHosts: 1 });
  expect(plan.memoryGb).toBeGreaterThan(1);
  const idle = planFor({ ...model, cpuMs: { ...cpuMs, worker: { perJob: 0.01, perPack: 0 } } }, example);
  expect(idle).toMatchObject({ workers: 3, workersBoundBy: 'jobs in flight', memoryGb: undefined });
});

it('asks for figures where there are none', () => {
  expect(() => readCost(undefined)).toThrow('--from');
});

it('has a plot that says how good the model is', async () => {
  const { cost } = await recorded();
  expect(await fitPlot(fitModel(cost), 'A run.')).toContain('The model is within 15 %');
});
