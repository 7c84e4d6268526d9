import { accent, plain, renderPlot } from '../../compare/report/plot';
import { MOST_DEVIATION, systemCpuMsAt, type Model } from './model';

/** What was measured, on the curve of the model; both axes are logarithmic. As SVG text. */
export async function fitPlot(model: Model, subtitle: string): Promise<string> {
  const { points, scenario, worst } = model;
  const sizes = points.map(({ packSize }) => packSize);
  const [from, to] = [Math.min(...sizes), Math.max(...sizes)];
  const curve = Array.from({ length: 60 }, (_, index) => {
    const packSize = from * (to / from) ** (index / 59);
    return { packSize, cpuMs: systemCpuMsAt(model, packSize) };
  });
  const x = { field: 'packSize', type: 'quantitative', title: 'jobs a pack', scale: { type: 'log' } };
  const y = {
    field: 'cpuMs',
    type: 'quantitative',
    title: 'CPU-ms a job, system',
    scale: { type: 'log', nice: false },
  };
  const percent = Math.max(1, Math.ceil(100 * worst));
  const finding =
    worst <= MOST_DEVIATION
      ? `The model is within ${percent} % of what was measured`
      : `The model is up to ${percent} % away from what was measured: it is not used`;
  const { svg } = await renderPlot(
    {
      name: 'sizing',
      title: finding,
      subtitle: [`Points: measured, "${scenario.title}". Line: the model. ${subtitle}`],
    },
    {
      ...{ width: 560, height: 260 },
      layer: [
        { data: { values: curve }, mark: { type: 'line', color: plain }, encoding: { x, y } },
        {
          data: {
            values: points.map((point) => ({ packSize: point.packSize, cpuMs: point.cpuMs.measured })),
          },
          mark: { type: 'point', filled: true, size: 90, color: accent, opacity: 1 },
          encoding: { x, y },
        },
      ],
    },
  );
  return svg;
}
