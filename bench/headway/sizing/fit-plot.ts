import { accent, plain, renderPlot } from '../../compare/report/plot';
import { MOST_DEVIATION, mayExtrapolate, type Model } from './model';

/** What was measured beside what the model says, case by case. As SVG text. */
export async function fitPlot(model: Model, subtitle: string): Promise<string> {
  const { points, worst } = model;
  const values = points.flatMap(({ title, fitted, cpuMs }) => {
    const label = `${title}${fitted ? '' : ' (not seen)'}`;
    return [
      { label, what: 'measured', cpuMs: cpuMs.measured },
      { label, what: 'model', cpuMs: cpuMs.model },
    ];
  });
  const y = {
    ...{ field: 'label', type: 'nominal', title: null, sort: values.map(({ label }) => label) },
    axis: { domain: false, ticks: false, grid: true, labelLimit: 480 },
  };
  const x = { field: 'cpuMs', type: 'quantitative', title: 'CPU-ms a job, system', scale: { zero: true } };
  const percent = Math.max(1, Math.ceil(100 * worst));
  const finding = mayExtrapolate(model)
    ? `The model is within ${percent} % of what was measured, also where it was not fitted to it`
    : `The model is up to ${percent} % away from what was measured, ${Math.round(100 * MOST_DEVIATION)} are allowed: it is not used`;
  const { svg } = await renderPlot(
    { name: 'sizing', title: finding, subtitle: [subtitle] },
    {
      ...{ width: 520, height: { step: 30 }, data: { values } },
      mark: { type: 'point', filled: true, size: 90, opacity: 1 },
      encoding: {
        ...{ x, y },
        color: {
          ...{ field: 'what', type: 'nominal', title: null, legend: { orient: 'bottom' } },
          scale: { domain: ['measured', 'model'], range: [accent, plain] },
        },
        shape: {
          ...{ field: 'what', type: 'nominal', title: null },
          scale: { domain: ['measured', 'model'], range: ['circle', 'diamond'] },
        },
      },
    },
  );
  return svg;
}
