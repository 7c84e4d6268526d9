import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';

export interface Panel {
  /** With the unit. */
  yTitle: string;
  /** By name: value over time. */
  series: Record<string, Point[]>;
}

export interface Point {
  seconds: number;
  value: number;
}

export interface LineChart {
  title: string;
  /** A line below it: how it was measured. */
  subtitle: string;
  panels: Panel[];
}

/** Panels below each other over one time axis, as SVG text. */
export async function lineChart({ title, subtitle, panels }: LineChart): Promise<string> {
  const spec: TopLevelSpec = {
    $schema: 'https://vega.github.io/schema/vega-lite/v5.json',
    title: { text: title, subtitle, anchor: 'start' },
    background: 'white',
    padding: 16,
    vconcat: panels.map(({ yTitle, series }, index) => ({
      width: 720,
      height: 170,
      data: {
        values: Object.entries(series).flatMap(([name, points]) =>
          points.map((point) => ({ ...point, series: name })),
        ),
      },
      mark: { type: 'line', strokeWidth: 2 },
      encoding: {
        x: {
          field: 'seconds',
          type: 'quantitative',
          title: index === panels.length - 1 ? 'seconds' : null,
        },
        y: { field: 'value', type: 'quantitative', title: yTitle },
        color: {
          field: 'series',
          type: 'nominal',
          title: null,
          sort: null,
          legend: Object.keys(series).length > 1 ? {} : null,
        },
      },
    })),
    resolve: { scale: { color: 'independent' } },
  };
  return await new View(parse(compile(spec).spec), { renderer: 'none' }).toSVG();
}
