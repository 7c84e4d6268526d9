import type { Figures } from '../run';
import { colourOf, howMeasured, renderPlot, type Plot } from './plot';
import { timelineFinding } from './timeline-finding';
import type { Written } from './written';

/** LLM calls in flight over the first run of a scenario, contender by contender, with what went wrong when. Undefined without figures. */
export async function timelinePlot(written: Written, scenario: string): Promise<Plot | undefined> {
  const shown = written.contenders.flatMap(({ name, title }) => {
    const run = written.runs.find(
      (one) => one.contender === name && one.scenario === scenario && one.figures !== undefined,
    );
    return run?.figures ? [{ name, title, figures: run.figures }] : [];
  });
  if (shown.length === 0) return undefined;
  const lastSecond = Math.max(
    ...shown.map(({ figures: { timeline } }) => (timeline.inFlight.length * timeline.everyMs) / 1_000),
  );
  const highest = Math.max(1, ...shown.flatMap(({ figures }) => figures.timeline.inFlight));
  const kinds = [...new Set(shown.flatMap(({ figures }) => figures.struck.map(({ kind }) => nameOf(kind))))];
  return renderPlot(
    {
      name: `in-flight-${scenario}`,
      title: timelineFinding(shown),
      subtitle: [
        'LLM calls in flight, as the simulated provider sees them; the first run of each. A call at a provider that keeps it (background mode) goes on while its consumer is dead.',
        howMeasured(written, scenario),
      ],
    },
    {
      spacing: 14,
      vconcat: shown.map(({ name, title, figures }, index) => {
        const isLast = index === shown.length - 1;
        const x = {
          field: 'seconds',
          type: 'quantitative',
          scale: { domain: [0, lastSecond], nice: false },
          title: isLast ? 'seconds since the first job was sent' : null,
          axis: { labels: isLast, ticks: isLast },
        };
        return {
          title: { text: title, anchor: 'start', fontSize: 12, fontWeight: 'normal', offset: 4 },
          width: 680,
          height: 64,
          layer: [
            {
              data: { values: pointsOf(figures) },
              mark: { type: 'area', interpolate: 'step-after', opacity: 0.75, color: colourOf(name) },
              encoding: {
                x,
                y: {
                  field: 'calls',
                  type: 'quantitative',
                  title: null,
                  // The same for all: heights can be compared.
                  scale: { domain: [0, highest] },
                  axis: { tickCount: 3 },
                },
              },
            },
            {
              data: {
                values: figures.struck.map(({ kind, at }) => ({ kind: nameOf(kind), seconds: at / 1_000 })),
              },
              mark: { type: 'rule', strokeWidth: 1.5 },
              encoding: {
                x,
                strokeDash: {
                  field: 'kind',
                  type: 'nominal',
                  title: null,
                  scale: { domain: kinds },
                  legend: { orient: 'top', labelFontSize: 12, labelLimit: 300, symbolType: 'stroke' },
                },
              },
            },
          ],
        };
      }),
    },
  );
}

function pointsOf({ timeline: { inFlight, everyMs } }: Figures) {
  return inFlight.map((calls, index) => ({ calls, seconds: (index * everyMs) / 1_000 }));
}

const nameOf = (kind: string): string => faultNames[kind] ?? kind;

const faultNames: Record<string, string> = {
  kill: 'a consumer is killed',
  join: 'one more joins',
  leave: 'it leaves',
  'llm-away': 'the LLM is away',
  'llm-back': 'it is back',
};
