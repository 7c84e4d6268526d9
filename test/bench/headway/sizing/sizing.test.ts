import { readInFlight, readSteady, type SteadyFigures } from '../../../../bench/headway/sizing/figures';
import { fitLine, nothing, valueAt, type Shape } from '../../../../bench/headway/sizing/fit';
import { fitPlot } from '../../../../bench/headway/sizing/fit-plot';
import { example } from '../../../../bench/headway/sizing/inputs';
import { fitModel, mayExtrapolate } from '../../../../bench/headway/sizing/model';
import { planFor } from '../../../../bench/headway/sizing/plan';
import { sizingMarkdown } from '../../../../bench/headway/sizing/summary';
import { wavesOf } from '../../../../bench/headway/sizing/waves';
import { figures, IDLE_MS, transitions, worker } from './figures';

const textOf = (measured: SteadyFigures) => {
  const model = fitModel(measured);
  const plan = mayExtrapolate(model) ? { plan: planFor(model, example) } : {};
  return sizingMarkdown({ source: 'a run', temporalVersion: '1.29.1', model, inputs: example, ...plan });
};
const shapes: Shape[] = [
  { packSize: 10, waves: 5, jobsPerSecond: 40 },
  { packSize: 50, waves: 8, jobsPerSecond: 39 },
  { packSize: 50, waves: 1, jobsPerSecond: 41 },
];
const slow: Shape = { packSize: 44, waves: 7, jobsPerSecond: 15 };
const near = (line: typeof worker) => ({
  perJob: expect.closeTo(line.perJob) as number,
  perPack: expect.closeTo(line.perPack) as number,
  perWave: expect.closeTo(line.perWave) as number,
  perSecond: expect.closeTo(line.perSecond) as number,
});

it('finds the parts of what follows the model, none of them below zero', () => {
  const real = { perJob: 8, perPack: 90, perWave: 11, perSecond: 60 };
  const pointsOf = (those: Shape[], line = real) =>
    those.map((shape) => ({ ...shape, value: valueAt(line, shape) }));
  expect(fitLine(pointsOf([...shapes, slow]))).toEqual(near(real));
  const points = pointsOf(shapes, { ...real, perSecond: 0 });
  expect(fitLine(points)).toEqual(near({ ...real, perSecond: 0 }));
  expect(fitLine(points, ['perPack', 'perWave']).perJob).toBe(0);
  const rising = shapes.map((shape) => ({ ...shape, value: shape.packSize }));
  for (const part of Object.values(fitLine(rising)) as number[]) expect(part).toBeGreaterThanOrEqual(0);
  expect(fitLine(shapes.map((shape) => ({ ...shape, value: 0 })))).toEqual(nothing);
  expect(() => fitLine(points.slice(1))).toThrow('three kinds');
});

it('knows in how many waves calls end, alone, together, and as far apart as they are asked for', () => {
  const fiveToTen = { from: 5_000, to: 10_000 };
  expect(wavesOf(1, fiveToTen)).toBe(1);
  expect(() => wavesOf(0, fiveToTen)).toThrow(RangeError);
  expect(wavesOf(50, { from: 7_500, to: 7_500 })).toBe(1);
  expect(wavesOf(2, fiveToTen)).toBeGreaterThan(1);
  expect(wavesOf(2, fiveToTen)).toBeLessThan(2);
  // Fewer than there are half seconds, since none is asked for each half second.
  expect(wavesOf(50, fiveToTen)).toBeGreaterThan(4.5);
  expect(wavesOf(50, fiveToTen)).toBeLessThan(7);
  const longer = wavesOf(50, { from: 5_000, to: 30_000 });
  expect(longer).toBeGreaterThan(8);
  expect(longer).toBeLessThan(12);
});

it('weighs deviations by what was measured, so that the small values count', () => {
  const [small, large] = [
    { packSize: 100, waves: 1, jobsPerSecond: 40, value: 4 },
    { packSize: 1, waves: 1, jobsPerSecond: 40, value: 100 },
  ];
  const line = fitLine([small, large, { packSize: 10, waves: 1, jobsPerSecond: 40, value: 20 }]);
  expect(Math.abs(valueAt(line, small) / 4 - 1)).toBeLessThan(0.6);
});

it('is fitted to some of the cases beside what is spent while nothing arrives, and held against all', () => {
  const model = fitModel(figures);
  expect(model.cpuMs.worker).toEqual(near(worker));
  expect(model.transitions).toEqual(near(transitions));
  expect(model.idle.worker).toEqual({ cpuMsPerSecond: IDLE_MS, megabytes: 100 });
  expect(model.points.map(({ fitted }) => fitted)).toEqual([true, false, true, true, false, true]);
  expect(model.worst).toBeCloseTo(0);
  expect(textOf(figures)).toContain('worker processes');
});

it('fits what waves cost to those that were counted, and holds against all what it says of simulated ones', () => {
  // As if the simulation had found half as many as there were.
  const points = figures.points.map((point) => {
    const { temporal, waves } = point;
    if (!temporal || !waves || waves === 1) return point;
    const more = (waves * transitions.perWave) / temporal.jobsPerWorkflow;
    return {
      ...point,
      waves: 2 * waves,
      temporal: { ...temporal, transitions: temporal.transitions + more },
    };
  });
  const model = fitModel({ ...figures, points });
  expect(model.transitions).toEqual(near(transitions));
  const [{ waves, countedWaves, transitions: steps }] = model.points as [(typeof model.points)[number]];
  expect(countedWaves).toBeCloseTo(2 * waves);
  expect(steps.model).toBeLessThan(steps.measured);
  expect(textOf({ ...figures, points })).toContain('says nothing about what was not measured');
});

it('says nothing about what was not measured when a case that it has not seen is another than it says', () => {
  const points = figures.points.map((point) =>
    point.case === 'many-waves'
      ? { ...point, cpuMsPerSecond: { ...point.cpuMsPerSecond, worker: 1_500 } }
      : point,
  );
  const text = textOf({ ...figures, points });
  expect(text).toContain('says nothing about what was not measured');
  expect(text).not.toContain('worker processes');
});

it('says nothing either when every case was one that it was fitted to, or idle was not measured', () => {
  const seen = fitModel(figures).points.flatMap(({ title, fitted }) => (fitted ? title : []));
  const cases = figures.cases.filter(({ title, perSecond }) => perSecond === 0 || seen.includes(title));
  expect(cases.length).toBeLessThan(figures.cases.length);
  expect(mayExtrapolate(fitModel({ ...figures, cases }))).toBe(false);
  const points = figures.points.filter((point) => point.case !== 'idle');
  expect(() => fitModel({ ...figures, points })).toThrow('while nothing arrives');
});

it('plans by the formulas', () => {
  const { transitions: _, ...model } = fitModel(figures);
  const flat = (perJob: number) => ({ ...nothing, perJob });
  const idle = { ...model.idle, worker: { cpuMsPerSecond: 100, megabytes: 300 } };
  const cpuMs = { ...model.cpuMs, worker: flat(5), engine: { ...nothing, perPack: 40 } };
  const planned = { ...model, idle, cpuMs, transitions: { ...nothing, perPack: 15 } };
  const inFlight = readInFlight({
    points: [100, 1_000, 20_000].map((atOnce) => ({
      atOnce,
      // 1 MB, 512 KB and 51 KB a job.
      megabytes: { worker: { before: 300, inFlight: 300 + { 100: 100, 1_000: 500 }[atOnce]! || 1_300 } },
    })),
  });
  const plan = planFor(planned, example, inFlight);
  // 5,000 jobs/s of 5 ms are 25 cores; of one that is used to 60 %, a worker has half left when it is idle to 10 %.
  expect(plan).toMatchObject({
    workers: 50,
    workersBoundBy: 'CPU',
    workflowsPerSecond: 100,
    inFlight: 50_000,
  });
  expect(plan.cores.worker).toBeCloseTo((25 + 50 * 0.1) / 0.6);
  // 100 packs/s with 15 transitions and 3 writes to visibility; 7.5 s of writes a second, a shard to 30 %: 25 shards.
  expect(plan).toMatchObject({ writesPerSecond: 1_800, shards: 32, serverHosts: 1, partitions: 50 });
  // 1,000 jobs in each worker, 512 KB a job; beside 300 MB for each worker, and 100 for everything else.
  const others = plan.bridges * 100 + 3 * 100;
  expect(plan.memoryGb).toBeCloseTo((50_000 * 0.5 + 50 * 300 + others) / 1_024);
  const light = planFor({ ...planned, cpuMs: { ...cpuMs, worker: flat(0.01) } }, example);
  expect(light).toMatchObject({ workers: 3, workersBoundBy: 'jobs in flight', memoryGb: undefined });
});

it('says that nobody can run the plan of a database which is inside the server', () => {
  expect(textOf(figures)).toContain('a run with --engine postgres makes one');
  const points = figures.points.map((point) => ({
    ...point,
    megabytes: { ...point.megabytes, database: 200 },
  }));
  const text = textOf({ ...figures, points });
  expect(text).not.toContain('--engine postgres');
  expect(text).toMatch(/hosts of the Temporal server, 8 cores each \| \d+ \|/);
});

it('asks for figures where there are none', () => {
  expect(() => readSteady(undefined)).toThrow('--from');
  expect(readSteady(JSON.parse(JSON.stringify(figures)))).toMatchObject({ temporalVersion: '1.29.1' });
});

it('has a plot that says how good the model is', async () => {
  const model = fitModel(figures);
  expect(await fitPlot({ ...model, worst: 0.101 }, 'A run.')).toContain('The model is within 11 %');
  expect(await fitPlot({ ...model, worst: 0.2 }, 'A run.')).toContain('The model is up to 20 % away');
});
