import { accent, plain, renderPlot } from '../../compare/report/plot';
import { rounded } from '../spread';

export interface Bars {
  title: string;
  /** Of the axis, with the unit. */
  unit: string;
  bars: readonly { label: string; value: number }[];
}

/** Panels below each other, each with bars that stand for one thing that grows. As SVG text. */
export async function barsPlot(
  { name, title, subtitle }: { name: string; title: string; subtitle: string },
  panels: readonly Bars[],
): Promise<string> {
  const { svg } = await renderPlot(
    { name, title, subtitle: [subtitle] },
    {
      vconcat: panels.map((panel, index) => {
        const y = {
          ...{ field: 'label', type: 'nominal', title: null, sort: panel.bars.map(({ label }) => label) },
          axis: { domain: false, ticks: false, labelLimit: 300 },
        };
        const x = { field: 'value', type: 'quantitative', title: panel.unit };
        const text = { field: 'text' };
        return {
          title: { text: panel.title, anchor: 'start', fontSize: 13 },
          ...{ width: 520, height: { step: 28 } },
          data: { values: panel.bars.map((bar) => ({ ...bar, text: String(rounded(bar.value, 1)) })) },
          layer: [
            {
              mark: { type: 'bar', height: 16, color: index === 0 ? accent : plain },
              encoding: { y, x },
            },
            {
              mark: { type: 'text', align: 'left', dx: 4, fontSize: 12, color: '#333' },
              encoding: { y, x, text },
            },
          ],
        };
      }),
    },
  );
  return svg;
}
