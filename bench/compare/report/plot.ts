import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import type { Written } from './written';

/** An SVG file of a report. */
export interface Plot {
  /** Of the file, without its ending. */
  name: string;
  svg: string;
}

type Spec = Record<string, unknown>;

/** One look for all plots: what was found as the title, how it was measured below it. */
export async function renderPlot(
  { name, title, subtitle }: { name: string; title: string; subtitle: string[] },
  spec: Spec,
): Promise<Plot> {
  const whole = {
    $schema: 'https://vega.github.io/schema/vega-lite/v5.json',
    background: 'white',
    padding: 16,
    title: {
      text: wrapped(title, 78),
      subtitle: subtitle.flatMap((line) => wrapped(line, 110)),
      ...{
        anchor: 'start',
        frame: 'bounds',
        fontSize: 16,
        subtitleFontSize: 12,
        subtitleColor: '#555',
        offset: 12,
      },
    },
    config: {
      axis: { labelFontSize: 12, titleFontSize: 12, titleFontWeight: 'normal' },
      header: { labelFontSize: 12 },
      view: { stroke: null },
    },
    ...spec,
  } as unknown as TopLevelSpec;
  const svg = await new View(parse(compile(whole).spec), { renderer: 'none' }).toSVG();
  return { name, svg: `${svg}\n` };
}

/** How everything was measured, in a line. */
export function howMeasured({ machine, options }: Written, scenario: string): string {
  const { repetitions, timeScale, slots, consumers } = options;
  const runs = repetitions === 1 ? 'one run each' : `${repetitions} runs each`;
  return (
    `Scenario ${scenario}, ${runs}, ${consumers} consumers with ${slots} jobs at a time each; a call takes ${round(5 * timeScale)}-${round(10 * timeScale)} s ` +
    `(real times × ${timeScale}). ${machine}.`
  );
}

export const round = (value: number): number => Math.round(value * 10) / 10;

export const accent = '#d1495b';
export const plain = '#5b7c99';

/** Ours is shown in another colour; the order is that of the tables. */
export const colourOf = (contender: string): string => (contender === 'headway' ? accent : plain);

/** Vega does not break lines. */
function wrapped(text: string, most: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < most) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
