import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { scenarios, variants, type Door, type Measured, type Variant } from './scenarios';

const rows: (Variant | 'alone')[] = ['alone', 'tenant', 'priority', 'none'];
const titleOf = (variant: Variant | 'alone') =>
  variant === 'alone' ? 'no flood' : `differs by ${variants[variant].title}`;

/** A table in Markdown: medians, with the lowest and the highest. */
export function table(measured: Measured[]): string {
  const lines = scenarios.flatMap(({ name, title }) =>
    rows.flatMap((variant) =>
      (['direct', 'kafka'] satisfies Door[]).flatMap((door) => {
        const own = measured.filter(
          (one) => one.scenario === name && one.variant === variant && one.door === door,
        );
        if (own.length === 0) return [];
        const seconds = spread(own.map(({ ms }) => ms / 1_000));
        const flood =
          variant === 'alone'
            ? ['', '']
            : [own.map((one) => one.floodResults), own.map((one) => one.floodPerSecond)].map((values) =>
                spread(values),
              );
        return [
          `| ${title} | ${titleOf(variant)} | ${door} | ${seconds} | ${flood.join(' | ')} | ${own.length} |`,
        ];
      }),
    ),
  );
  return (
    '| flood | single job | door | seconds to its result | flood results in that time | flood jobs/s | samples |\n' +
    `|---|---|---|---|---|---|---|\n${lines.join('\n')}\n`
  );
}

function spread(values: number[]): string {
  const sorted = [...values].sort((a, b) => a - b);
  const text = (value = 0) => String(Math.round(value * 100) / 100);
  return `${text(sorted[sorted.length >> 1])} (${text(sorted[0])}-${text(sorted.at(-1))})`;
}

/** Every single job as a point, as SVG text. */
export async function chart(measured: Measured[], subtitle: string): Promise<string> {
  const shown = scenarios.filter(({ name }) => measured.some((one) => one.scenario === name));
  const spec: TopLevelSpec = {
    $schema: 'https://vega.github.io/schema/vega-lite/v5.json',
    title: { text: 'A single job behind a flood', subtitle, anchor: 'start' },
    background: 'white',
    padding: 16,
    vconcat: shown.map(({ name, title }, index) => ({
      title: { text: title, anchor: 'start', fontSize: 11 },
      width: 640,
      height: 110,
      data: {
        values: measured
          .filter((one) => one.scenario === name)
          .map(({ variant, door, ms }) => ({ variant: titleOf(variant), door, seconds: ms / 1_000 })),
      },
      mark: { type: 'point', filled: true, size: 50, opacity: 0.6 },
      encoding: {
        x: {
          field: 'seconds',
          type: 'quantitative',
          scale: { type: 'log', domain: [0.05, 200] },
          axis: { values: [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100], format: '~g' },
          title: index === shown.length - 1 ? 'seconds from sent to result (logarithmic)' : null,
        },
        y: { field: 'variant', type: 'nominal', sort: rows.map(titleOf), title: null },
        color: { field: 'door', type: 'nominal', title: 'door' },
      },
    })),
  };
  return await new View(parse(compile(spec).spec), { renderer: 'none' }).toSVG();
}
